import CHost
package import DataplaneModel
import Glibc

/// Programs of the host, run to their end.
///
/// Starting one in the ordinary, asynchronous way could happen on any thread, and a child is in the
/// network namespace of the thread that starts it.
package enum HostProgram {
    /// What a program left behind.
    package struct Outcome: Sendable {
        /// The exit status, or 128 and the signal that ended it.
        package let status: Int32
        package let output: String
        package let errors: String
    }

    /// Where administration programs are, whatever the environment says.
    private static let directories = [
        "/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin",
    ]

    /// All that such a program sees of the environment.
    static let environment = ["PATH=\(directories.joined(separator: ":"))", "LC_ALL=C"]

    /// The path of a program of the host; nil when it has none of that name.
    package static func path(of name: String) -> String? {
        directories.lazy.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
    }

    /// Runs a program in the namespaces of the calling thread, and waits for its end.
    ///
    /// It sees English messages, and nothing of the environment.
    ///
    /// - Throws: `DataplaneError` when it could not be started.
    package static func run(
        _ path: String,
        _ arguments: [String],
        input: String = ""
    ) throws(DataplaneError) -> Outcome {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        for text in [input, "", ""] {
            descriptors.append(try memoryFile(text, for: path))
        }
        let process = try start(path, arguments, descriptors)
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw error("wait for \(path)", errno) }
        }
        return Outcome(
            status: status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f,
            output: text(in: descriptors[1]),
            errors: text(in: descriptors[2])
        )
    }

    private static func start(
        _ path: String,
        _ arguments: [String],
        _ descriptors: [Int32]
    ) throws(DataplaneError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in descriptors.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        // libipset's socket does not close by itself.
        unsafe fairlead_close_from(&actions, 3)
        // What this process blocks and ignores is none of the program's business.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )
        var words = unsafe ([path] + arguments).map { unsafe strdup($0) }
        unsafe words.append(nil)
        var environment = unsafe Self.environment.map { unsafe strdup($0) }
        unsafe environment.append(nil)
        defer { unsafe (words + environment).forEach { unsafe free($0) } }
        var process: pid_t = 0
        let code = unsafe posix_spawn(
            &process,
            path,
            &actions,
            &attributes,
            words,
            environment
        )
        guard code == 0 else { throw error("start \(path)", code) }
        return process
    }

    private static func memoryFile(
        _ text: String,
        for path: String
    ) throws(DataplaneError) -> Int32 {
        let descriptor = Int32(truncatingIfNeeded: fairlead_memory_file())
        guard descriptor >= 0 else { throw error("make the input of \(path)", errno) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = unsafe bytes.withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress, $0.count)
            }
            guard written > 0 else {
                let code = errno
                close(descriptor)
                throw error("write the input of \(path)", code)
            }
            bytes = bytes.dropFirst(written)
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    private static func text(in descriptor: Int32) -> String {
        lseek(descriptor, 0, SEEK_SET)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    private static func error(_ action: String, _ code: Int32) -> DataplaneError {
        DataplaneError(
            action: action,
            code: ErrorNumber(rawValue: code),
            kernelMessage: unsafe String(cString: strerror(code))
        )
    }
}
