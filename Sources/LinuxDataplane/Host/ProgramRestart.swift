package import DataplaneModel
import CHost
import Glibc

/// Starting this program anew, in the same process.
package enum ProgramRestart {
    /// Ends this program and begins it again with these arguments, the first of which is its name.
    ///
    /// No file but the standard ones stays open, so locks are given up and ports are free.
    ///
    /// - Throws: `DataplaneError` when the kernel refuses; it never returns. SIGTERM and SIGINT end
    ///   the process then.
    package static func perform(arguments: [String]) throws(DataplaneError) -> Never {
        // libipset opens its socket so that a new program would inherit it.
        for name in HostFile.names(in: "/proc/self/fd") {
            guard let descriptor = Int32(name), descriptor > STDERR_FILENO else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        // What is ignored or blocked here would be for the new program too, until it is far enough
        // to listen to them itself.
        for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        // This name leads to the program even when its file has been replaced.
        unsafe execv("/proc/self/exe", &words)
        let code = errno
        unsafe words.forEach { unsafe free($0) }
        throw DataplaneError(
            action: "start this program anew",
            code: ErrorNumber(rawValue: code),
            hint: "what is programmed in the kernel goes on serving; start it again"
        )
    }
}
