import Addressing
package import DataplaneModel
import Netlink

/// Reader of what connection tracking answers.
///
/// It is total: a flow that lacks part of its identity is none, and what is unknown is passed over.
package enum FlowDecoding {
    /// The flow in the payload of a message, header of netfilter included.
    ///
    /// Nil when it is no flow between ports of a protocol that Services know, or lacks something that
    /// it takes to end it and no other.
    package static func flow(_ payload: Span<UInt8>) -> TrackedFlow? {
        guard payload.count >= 4 else { return nil }
        var original = DirectionFields()
        var reply = DirectionFields()
        var zone: UInt16?
        var id: UInt32?
        forEachAttribute(in: payload.extracting(4..<payload.count)) { type, content in
            switch type {
            case ConnectionProtocol.Top.original: original.read(content)
            case ConnectionProtocol.Top.reply: reply.read(content)
            case ConnectionProtocol.Top.zone: zone = content.wholePort()
            case ConnectionProtocol.Top.identity:
                id = content.count < 4 ? nil : content.networkOrderWord()
            default: break
            }
        }
        guard let id, let transport = original.transport, reply.transport == transport,
            let (source, destination) = original.endpoints,
            let (replySource, replyDestination) = reply.endpoints,
            source.address.family == replySource.address.family
        else { return nil }
        return TrackedFlow(
            transport: transport,
            source: source,
            destination: destination,
            replySource: replySource,
            replyDestination: replyDestination,
            zone: zone ?? original.zone ?? 0,
            id: id
        )
    }
}

/// One direction of a flow, as far as it has been read.
private struct DirectionFields {
    private var source: IPAddress?
    private var destination: IPAddress?
    private var sourcePort: UInt16?
    private var destinationPort: UInt16?
    private(set) var transport: TransportProtocol?
    private(set) var zone: UInt16?

    /// Source and destination; nil when either lacks its address or its port.
    var endpoints: (SocketEndpoint, SocketEndpoint)? {
        guard let source, let destination, let sourcePort, let destinationPort,
            source.family == destination.family
        else { return nil }
        return (SocketEndpoint(source, sourcePort), SocketEndpoint(destination, destinationPort))
    }

    mutating func read(_ attributes: Span<UInt8>) {
        var fields = self
        forEachAttribute(in: attributes) { type, content in
            switch type {
            case ConnectionProtocol.Direction.addresses: fields.readAddresses(content)
            case ConnectionProtocol.Direction.transport: fields.readTransport(content)
            case ConnectionProtocol.Direction.zone: fields.zone = content.wholePort()
            default: break
            }
        }
        self = fields
    }

    private mutating func readAddresses(_ attributes: Span<UInt8>) {
        var fields = self
        forEachAttribute(in: attributes) { type, content in
            typealias Addresses = ConnectionProtocol.Addresses
            switch type {
            case Addresses.sourceIPv4:
                fields.source = IPAddress(family: .ipv4, networkOrder: content)
            case Addresses.destinationIPv4:
                fields.destination = IPAddress(family: .ipv4, networkOrder: content)
            case Addresses.sourceIPv6:
                fields.source = IPAddress(family: .ipv6, networkOrder: content)
            case Addresses.destinationIPv6:
                fields.destination = IPAddress(family: .ipv6, networkOrder: content)
            default: break
            }
        }
        self = fields
    }

    private mutating func readTransport(_ attributes: Span<UInt8>) {
        var fields = self
        forEachAttribute(in: attributes) { type, content in
            switch type {
            case ConnectionProtocol.Transport.number:
                fields.transport = TransportProtocol(rawValue: content.number())
            case ConnectionProtocol.Transport.sourcePort: fields.sourcePort = content.wholePort()
            case ConnectionProtocol.Transport.destinationPort:
                fields.destinationPort = content.wholePort()
            default: break
            }
        }
        self = fields
    }
}

extension Span where Element == UInt8 {
    /// The 16-bit number in network byte order; nil when there is less of it.
    fileprivate func wholePort() -> UInt16? { count < 2 ? nil : networkOrderNumber() }
}
