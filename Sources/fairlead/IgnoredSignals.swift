import Glibc

/// Signals that would end a daemon although nobody meant to.
enum IgnoredSignals {
    /// A terminal that closes, or an audit that is asked for too early (SIGHUP), and a log that nobody
    /// reads any more (SIGPIPE).
    static func ignore() {
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
    }
}
