import SystemPackage

/// A failure that has been put into words for the user; the exit status is 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The program's own output.
enum Output {
    /// Writes to standard output.
    static func write(_ text: String) throws {
        _ = try FileDescriptor.standardOutput.writeAll(text.utf8)
    }

    /// Writes a remark to standard error, so that it does not mix with what other programs read.
    static func remark(_ text: String) {
        // There is nowhere else to say that standard error cannot be written.
        _ = try? FileDescriptor.standardError.writeAll("fairlead: \(text)\n".utf8)
    }
}
