import Glibc
import NetworkLab

/// A `fairlead run` in the namespace of the thread that starts it, with its log in a file.
final class DaemonProcess {
    let process: pid_t
    private let log: String
    private var isRunning = true

    /// Starts the program with arguments; `directory` is where its log goes.
    init(
        _ arguments: [String],
        command: String = "run",
        program: String = Programs.fairlead,
        directory: String
    ) throws {
        log = directory + "/log"
        let pidFile = directory + "/pid"
        // The shell leaves the daemon behind and says where it is.
        try Command.run(
            "sh",
            ["-c", "log=$1 pid=$2; shift 2; \"$@\" >>\"$log\" 2>&1 & echo $! >\"$pid\"", "sh"]
                + [log, pidFile, program, command] + arguments
        )
        let text = try Command.run("cat", [pidFile])
        guard let number = pid_t(text.prefix { $0.isNumber }) else {
            throw LabError("no process number in \(text)")
        }
        process = number
    }

    deinit { if isRunning { kill(process, SIGKILL) } }

    var output: String { (try? Command.run("cat", [log])) ?? "" }

    /// Waits until the log has `text` at least `count` times.
    func waitForLog(
        _ text: String,
        count: Int = 1,
        within time: Duration = .seconds(20)
    ) throws {
        try waitFor("\"\(text)\" in the log", within: time) {
            let found = output.split(separator: "\n").count { $0.contains(text) }
            return found >= count
        }
    }

    /// Waits until a condition holds, and fails with the log when it never does.
    func waitFor(
        _ what: String,
        within time: Duration = .seconds(20),
        _ condition: () throws -> Bool
    ) throws {
        let deadline = ContinuousClock.now.advanced(by: time)
        while ContinuousClock.now < deadline {
            if try condition() { return }
            usleep(50_000)
        }
        throw LabError("waited in vain for \(what); the log:\n\(output)")
    }

    /// Asks it to stop, and waits until it has.
    func terminate() throws { try end(by: SIGTERM) }

    /// Kills it in mid-sentence, and waits until it is gone.
    func crash() throws { try end(by: SIGKILL) }

    private func end(by signal: Int32) throws {
        kill(process, signal)
        try waitFor("the end of the daemon") {
            // Its parent is gone, so process 1 takes it away.
            kill(process, 0) != 0
        }
        isRunning = false
    }
}
