package import Addressing

/// Where the daemon listens for one of its purposes.
package struct ListenAddress: Hashable, Sendable {
    /// Nil is all addresses of both families.
    package var address: IPAddress?
    /// 1…65535.
    package var port: UInt16

    package init(address: IPAddress? = nil, port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension ValueForm where Value == ListenAddress? {
    /// `ADDRESS:PORT` as kube-proxy's configuration has it; empty for nowhere.
    static let listenAddress = Self(
        allowed: "an address and a port such as 127.0.0.1:10249 or [::1]:10249, or :10249 for all "
            + "addresses; empty for nowhere"
    ) { text throws(InvalidValue) in
        if text.isEmpty { return nil }
        if text.hasPrefix(":"), let port = UInt16(text.dropFirst()), port > 0 {
            return ListenAddress(port: port)
        }
        guard let endpoint = SocketEndpoint(text), endpoint.port > 0 else {
            throw InvalidValue(
                "\"\(text)\" is not an address with a port; write 127.0.0.1:10249, [::1]:10249, "
                    + "or :10249 for all addresses"
            )
        }
        return ListenAddress(address: endpoint.address, port: endpoint.port)
    } print: { value in
        guard let value else { return "\"\"" }
        guard let address = value.address else { return "\":\(value.port)\"" }
        return "\"\(SocketEndpoint(address, value.port))\""
    }
}
