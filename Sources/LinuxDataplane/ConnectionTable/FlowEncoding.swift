import Addressing
import DataplaneModel
import Netlink

extension AttributeWriter {
    /// The header of every message of netfilter: a family and version 0.
    mutating func netfilterHeader(_ family: AddressFamily) {
        raw(
            family == .ipv4
                ? ConnectionProtocol.familyIPv4 : ConnectionProtocol.familyIPv6
        )
        raw(UInt8(0))
        raw(UInt16(0))
    }

    /// That only flows of one protocol are wanted.
    mutating func filter(_ transport: TransportProtocol) {
        nest(ConnectionProtocol.Top.original) { writer in
            writer.nest(ConnectionProtocol.Direction.transport) {
                $0.attribute(ConnectionProtocol.Transport.number, transport.rawValue)
            }
        }
        nest(ConnectionProtocol.Top.filter) {
            $0.attribute(
                ConnectionProtocol.Filter.original,
                ConnectionProtocol.Filter.transport
            )
        }
    }

    /// What identifies a flow, and no later one between the same endpoints.
    ///
    /// The original direction is always among it: without one the kernel deletes all flows.
    mutating func identity(of flow: TrackedFlow) {
        direction(ConnectionProtocol.Top.original, flow.transport, flow.source, flow.destination)
        if flow.zone != 0 { attribute(ConnectionProtocol.Top.zone, networkOrder: flow.zone) }
        attribute(ConnectionProtocol.Top.identity) { $0.raw(flow.id.bigEndian) }
    }

    private mutating func direction(
        _ type: UInt16,
        _ transport: TransportProtocol,
        _ source: SocketEndpoint,
        _ destination: SocketEndpoint
    ) {
        typealias Addresses = ConnectionProtocol.Addresses
        let isIPv4 = source.address.family == .ipv4
        nest(type) { writer in
            writer.nest(ConnectionProtocol.Direction.addresses) {
                $0.attribute(
                    isIPv4 ? Addresses.sourceIPv4 : Addresses.sourceIPv6,
                    source.address
                )
                $0.attribute(
                    isIPv4 ? Addresses.destinationIPv4 : Addresses.destinationIPv6,
                    destination.address
                )
            }
            writer.nest(ConnectionProtocol.Direction.transport) {
                $0.attribute(ConnectionProtocol.Transport.number, transport.rawValue)
                $0.attribute(
                    ConnectionProtocol.Transport.sourcePort,
                    networkOrder: source.port
                )
                $0.attribute(
                    ConnectionProtocol.Transport.destinationPort,
                    networkOrder: destination.port
                )
            }
        }
    }
}
