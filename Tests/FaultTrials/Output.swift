import Glibc

/// Lines on standard output, past every buffer: a process that is killed, or copied, has none left over.
enum Output {
    static func line(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = unsafe write(1, bytes, bytes.count)
    }
}

/// Why a trial cannot go on.
struct TrialError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
