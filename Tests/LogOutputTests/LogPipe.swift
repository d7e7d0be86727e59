import LogOutput
import SystemPackage

/// A pipe, as standard error often is.
///
/// It holds 64 KiB; what is beyond has to wait until somebody reads.
struct LogPipe: ~Copyable {
    private let readEnd: FileDescriptor
    private let writeEnd: FileDescriptor
    let destination: LogDestination

    init() throws {
        (readEnd, writeEnd) = try FileDescriptor.pipe()
        destination = LogDestination(writeEnd)
    }

    /// Everything that has been written; nothing can be written afterwards.
    consuming func close() throws -> String {
        try writeEnd.close()
        var bytes: [UInt8] = []
        while true {
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = try unsafe chunk.withUnsafeMutableBytes { buffer in
                try unsafe readEnd.read(into: buffer)
            }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        try readEnd.close()
        return String(decoding: bytes, as: UTF8.self)
    }
}
