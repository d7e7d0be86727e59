import Addressing
import ArgumentParser
import DataplaneModel

/// The options that name one virtual server, as `ipvsadm` has them.
struct VirtualServerOptions: ParsableArguments {
    @Option(
        name: [.customShort("t"), .long],
        help: ArgumentHelp("Only this TCP virtual server.", valueName: "address:port")
    )
    var tcpService: String?

    @Option(
        name: [.customShort("u"), .long],
        help: ArgumentHelp("Only this UDP virtual server.", valueName: "address:port")
    )
    var udpService: String?

    @Option(help: ArgumentHelp("Only this SCTP virtual server.", valueName: "address:port"))
    var sctpService: String?

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("Only the virtual server of this firewall mark.", valueName: "mark")
    )
    var fwmarkService: UInt32?

    @Flag(name: [.customShort("6"), .long], help: "The firewall mark is one of IPv6.")
    var ipv6 = false

    var count: Int {
        [tcpService, udpService, sctpService].compactMap(\.self).count
            + (fwmarkService == nil ? 0 : 1)
    }

    /// The virtual server that is named, if one is.
    func key() throws -> VirtualServerKey? {
        if let mark = fwmarkService {
            guard mark != 0 else { throw ValidationError("A firewall mark is at least 1.") }
            return .firewallMark(mark, ipv6 ? .ipv6 : .ipv4)
        }
        let given: [(String?, TransportProtocol)] = [
            (tcpService, .tcp), (udpService, .udp), (sctpService, .sctp),
        ]
        for (text, transport) in given {
            if let text { return .address(try Self.endpoint(text, transport), transport) }
        }
        return nil
    }

    private static func endpoint(
        _ text: String,
        _ transport: TransportProtocol
    ) throws -> SocketEndpoint {
        if let endpoint = SocketEndpoint(text) { return endpoint }
        if let address = try? IPAddress(text) { return SocketEndpoint(address, 0) }
        let colon = text.lastIndex(of: ":") ?? text.endIndex
        let host = text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        let portText = text[colon...].dropFirst()
        let port =
            portText.isEmpty
            ? 0 : UInt16(portText) ?? SystemNames.port(of: String(portText), transport)
        let address = (try? IPAddress(host)) ?? SystemNames.address(of: String(host))
        guard let port, let address else {
            throw ValidationError(
                "\"\(text)\" is not an address and port such as 10.96.0.1:80 or [fd00::1]:80."
            )
        }
        return SocketEndpoint(address, port)
    }
}
