import CNetworkLab
import Glibc

/// Programs of the system, run to their end.
package enum Command {
    /// Runs a program with arguments and an input, in the namespaces of the calling thread, and
    /// answers what it wrote to standard output.
    ///
    /// - Throws: `LabError` with what it wrote to standard error when its exit status is not 0.
    @discardableResult
    package static func run(
        _ program: String,
        _ arguments: [String] = [],
        input: String = ""
    ) throws -> String {
        let (status, output, errors) = try execute(program, arguments, input: input)
        guard status == 0 else {
            throw LabError(
                "\(program) \(arguments.joined(separator: " ")): status \(status): \(errors)\(output)"
            )
        }
        return output
    }

    /// Runs a program to its end, and answers its exit status and both outputs.
    package static func execute(
        _ program: String,
        _ arguments: [String] = [],
        input: String = ""
    ) throws -> (status: Int32, output: String, errors: String) {
        let standardInput = try temporary(input)
        let standardOutput = try temporary("")
        let standardError = try temporary("")
        defer {
            for descriptor in [standardInput, standardOutput, standardError] { close(descriptor) }
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (source, target) in [(standardInput, 0), (standardOutput, 1), (standardError, 2)] {
            unsafe posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        var process: pid_t = 0
        var pointers = unsafe ([program] + arguments).map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        defer { unsafe pointers.forEach { unsafe free($0) } }
        let result = unsafe posix_spawnp(&process, program, &actions, nil, pointers, environ)
        guard result == 0 else { throw LabError("start \(program)", result) }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw LabError("wait for \(program)", errno) }
        }
        let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        return (code, text(in: standardOutput), text(in: standardError))
    }

    /// A file without a name that holds a text and stands at its start.
    private static func temporary(_ text: String) throws -> Int32 {
        let descriptor = Int32(truncatingIfNeeded: fairlead_memory_file())
        guard descriptor >= 0 else { throw LabError("make a temporary file", errno) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = unsafe bytes.withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress, $0.count)
            }
            guard written > 0 else { throw LabError("write a temporary file", errno) }
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
}
