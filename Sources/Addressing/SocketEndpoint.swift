/// An address and a port.
package struct SocketEndpoint: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let address: IPAddress
    package let port: UInt16

    package init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }

    /// `10.0.0.1:80` or `[fd00::1]:80`.
    package var description: String {
        address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    /// Reads what `description` writes; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]),
            // Not "+80" and not "080".
            String(port) == text[text.index(after: colon)...]
        else { return nil }
        var host = text[..<colon]
        let bracketed = host.first == "[" && host.last == "]" && host.count > 2
        if bracketed { host = host.dropFirst().dropLast() }
        guard let address = try? IPAddress(host),
            (address.family == .ipv6) == bracketed
        else { return nil }
        self.init(address, port)
    }

    package static func < (left: SocketEndpoint, right: SocketEndpoint) -> Bool {
        left.address == right.address ? left.port < right.port : left.address < right.address
    }
}
