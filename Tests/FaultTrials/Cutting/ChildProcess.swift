import CNetworkLab
import Glibc

/// A copy of this process that does one thing, so that it can be killed.
///
/// Copied while there is only one thread, as nobody else's locks would be opened in the copy.
struct ChildProcess {
    /// How a child ended.
    enum End: Hashable {
        case exit(Int32)
        case signal(Int32)
    }

    private let process: pid_t

    /// Starts `body`; it exits with 0 afterwards, and with 1 and a line of output when `body` throws.
    init(_ body: () throws -> Void) throws {
        process = fairlead_fork()
        guard process >= 0 else { throw TrialError("fork: errno \(errno)") }
        guard process == 0 else { return }
        do {
            try body()
            _exit(0)
        } catch {
            Output.line("\(error)")
            _exit(1)
        }
    }

    /// The same, followed by this process from its start on; see `kill(beforeProgram:)`.
    static func traced(_ body: () throws -> Void) throws -> ChildProcess {
        try ChildProcess {
            fairlead_be_traced()
            try body()
        }
    }

    func wait() throws -> End {
        while true {
            var status: Int32 = 0
            let found = unsafe waitpid(process, &status, 0)
            if found == process { return Self.end(status) }
            guard errno == EINTR else { throw TrialError("wait: errno \(errno)") }
        }
    }

    func kill() { _ = Glibc.kill(process, SIGKILL) }

    private static func end(_ status: Int32) -> End {
        status & 0x7f == 0 ? .exit(status >> 8 & 0xff) : .signal(status & 0x7f)
    }

    /// Lets a traced child run, and kills it at the moment at which it starts its program of this
    /// number, from 1; that program does nothing.
    func kill(beforeProgram number: Int) throws -> End {
        var started = 0
        var isFollowed = false
        while true {
            var status: Int32 = 0
            let found = unsafe waitpid(-1, &status, Int32(bitPattern: 0x4000_0000))
            guard found > 0 else {
                guard errno == EINTR else { throw TrialError("wait: errno \(errno)") }
                continue
            }
            let isStopped = status & 0xff == 0x7f
            if found != process {
                // A program of the child, which goes on by itself unless the child is to die.
                guard isStopped else { continue }
                if started >= number { _ = Glibc.kill(found, SIGKILL) }
                fairlead_trace_detach(found)
                continue
            }
            guard isStopped else { return Self.end(status) }
            let signal = status >> 8 & 0xff
            let event = status >> 16
            if event != 0 {
                started += 1
                if started == number { kill() }
                fairlead_trace_continue(process, 0)
            } else if !isFollowed {
                isFollowed = true
                fairlead_trace_children(process)
                fairlead_trace_continue(process, 0)
            } else {
                fairlead_trace_continue(process, signal)
            }
        }
    }
}
