import Addressing

/// Where kube-proxy is told to listen.
enum KubeProxyListening: Hashable, Sendable {
    /// Where it listens by itself.
    case standard
    case nowhere
    /// A nil address is all; a nil port is the usual one.
    case at(IPAddress?, port: UInt16?)
}

/// kube-proxy's word for what carries the traffic.
enum KubeProxyMode: String, Hashable, Sendable {
    /// Not said.
    case standard = ""
    case iptables, ipvs, nftables
}

/// One item of kube-proxy's `nodePortAddresses`.
enum KubeProxyNodePortAddress: Hashable, Sendable {
    case primary, all, localhost
    case within(IPPrefix)
}

extension ValueForm where Value == KubeProxyListening {
    static let kubeProxyListening = Self(
        allowed: "an address with or without a port, such as 0.0.0.0:10256"
    ) { text throws(InvalidValue) in
        if text.isEmpty { return .standard }
        if text.hasPrefix(":"), let port = UInt16(text.dropFirst()), port > 0 {
            return .at(nil, port: port)
        }
        if let endpoint = SocketEndpoint(text), endpoint.port > 0 {
            return .at(endpoint.address, port: endpoint.port)
        }
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        guard let address = try? IPAddress(isBracketed ? String(text.dropFirst().dropLast()) : text)
        else {
            throw InvalidValue(
                "\"\(text)\" is not an IP address, with or without a port; write 127.0.0.1:10249, "
                    + "[::1]:10249, 0.0.0.0, or :10249 for all addresses"
            )
        }
        return .at(address, port: nil)
    } print: {
        switch $0 {
        case .standard, .nowhere: "\"\""
        case .at(let address, let port):
            "\"\(address.map { "\($0)" } ?? "")\(port.map { ":\($0)" } ?? "")\""
        }
    }
}

extension ValueForm where Value == KubeProxyMode {
    static let kubeProxyMode = Self(
        allowed: "ipvs, iptables and nftables"
    ) { text throws(InvalidValue) in
        if let mode = KubeProxyMode(rawValue: text) { return mode }
        let reason =
            switch text {
            case "kernelspace": "is kube-proxy's mode for Windows, and Fairlead serves Linux"
            case "userspace": "is a mode that kube-proxy no longer has"
            default: "is not a mode of kube-proxy"
            }
        throw InvalidValue("\"\(text)\" \(reason); write ipvs, or iptables for nodes without IPVS")
    } print: {
        CommentedYAML.scalar($0.rawValue)
    }
}

extension ValueForm where Value == KubeProxyNodePortAddress {
    static let kubeProxyNodePortAddress = Self(
        allowed: "prefixes such as 10.0.0.0/8, primary, localhost and all"
    ) { text throws(InvalidValue) in
        switch text {
        case "primary": .primary
        case "all": .all
        case "localhost": .localhost
        default: .within(try ValueForm<IPPrefix>.kubeProxyPrefix.parse(text))
        }
    } print: {
        switch $0 {
        case .primary: "primary"
        case .all: "all"
        case .localhost: "localhost"
        case .within(let prefix): ValueForm<IPPrefix>.prefix.print(prefix)
        }
    }
}
