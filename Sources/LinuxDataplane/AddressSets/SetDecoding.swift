import Addressing
package import DataplaneModel
import Netlink

/// Reads the members of sets out of the kernel's messages.
package enum SetDecoding {
    /// Calls `body` with each member in a message about a set, and with its mark.
    package static func forEachMember(
        in payload: Span<UInt8>,
        of set: AddressSet,
        _ body: (SetMember, UInt32) -> Void
    ) {
        forEachAttribute(in: payload) { type, content in
            guard type == SetProtocol.Top.members else { return }
            forEachAttribute(in: content) { type, content in
                guard type == SetProtocol.Top.data else { return }
                let parts = Parts(content)
                guard let member = parts.member(of: set) else { return }
                body(member, parts.mark)
            }
        }
    }

    /// What a member is made of.
    private struct Parts {
        var first: IPAddress?
        var second: IPAddress?
        var length: UInt8?
        var port: UInt16?
        var transport: TransportProtocol?
        var mark: UInt32 = 0

        init(_ payload: Span<UInt8>) {
            forEachAttribute(in: payload) { type, content in
                switch type {
                case SetProtocol.Data.address: first = Self.address(content)
                case SetProtocol.Data.secondAddress: second = Self.address(content)
                case SetProtocol.Data.secondLength: length = content.number()
                case SetProtocol.Data.port: port = content.networkOrderNumber()
                case SetProtocol.Data.transport:
                    transport = TransportProtocol(rawValue: content.number())
                case SetProtocol.Data.mark:
                    // The mask is in the lower half.
                    mark = content.networkOrderWord()
                default: break
                }
            }
        }

        /// The first attribute says the family by its own number, and is the address.
        private static func address(_ payload: Span<UInt8>) -> IPAddress? {
            var found: IPAddress?
            forEachAttribute(in: payload) { type, content in
                found = IPAddress(family: type == 1 ? .ipv4 : .ipv6, networkOrder: content)
            }
            return found
        }

        func member(of set: AddressSet) -> SetMember? {
            switch set.kind {
            case .port:
                return port.map { .port($0) }
            case .address:
                return first.map { .address($0) }
            case .addressPort, .addressPortAddress, .addressPortPrefix:
                guard let first, let port, let transport else { return nil }
                let endpoint = SocketEndpoint(first, port)
                if set.kind == .addressPort { return .frontend(endpoint, transport) }
                guard let second else { return nil }
                if set.kind == .addressPortAddress {
                    return second == first ? .hairpin(endpoint, transport) : nil
                }
                let prefix = IPPrefix(
                    holding: second,
                    length: length.map(Int.init) ?? second.family.bits
                )
                return .permission(endpoint, transport, prefix)
            }
        }
    }
}
