/// The first two numbers of a kernel's release: 6.1 for `6.1.0-18-amd64`.
package struct KernelVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads a release; nil when it does not begin with two numbers.
    package init?(release: some StringProtocol) {
        let parts = release.split(separator: ".").prefix(2).map { $0.prefix { $0.isNumber } }
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else {
            return nil
        }
        self.init(major, minor)
    }

    package var description: String { "\(major).\(minor)" }

    package static func < (left: KernelVersion, right: KernelVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
