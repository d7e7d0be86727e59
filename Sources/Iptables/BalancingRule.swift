package import Addressing
package import DataplaneModel

/// A rule of one of the chains that stand in for virtual servers.
///
/// Its text is exactly what `iptables-save` prints for it, with either variant, so that what is there
/// can be compared with what should be letter by letter.
package enum BalancingRule: Hashable, Sendable {
    /// What the kernel remembers of the clients of one endpoint (`xt_recent`).
    package struct Memory: Hashable, Sendable {
        package let list: String
        /// `Persistence.prefixLength`.
        package let prefixLength: UInt8

        package init(list: String, prefixLength: UInt8) {
            self.list = list
            self.prefixLength = prefixLength
        }
    }

    /// An endpoint and how connections come to it.
    package struct Share: Hashable, Sendable {
        package let endpoint: SocketEndpoint
        package let transport: TransportProtocol
        package let owner: String
        package let weight: Int32

        package init(
            endpoint: SocketEndpoint,
            transport: TransportProtocol,
            owner: String,
            weight: Int32
        ) {
            self.endpoint = endpoint
            self.transport = transport
            self.owner = owner
            self.weight = weight
        }
    }

    /// Packets to a member of a set.
    case member(of: AddressSet, chain: String)
    /// Packets to addresses whose last 16 bits, under the mask, are these.
    case address(UInt16, mask: UInt16, AddressFamily, chain: String)
    /// Packets whose mark, under the mask, is this.
    case mark(UInt32, mask: UInt32, chain: String)
    /// Packets to some ports of an address.
    case ports(ClosedRange<UInt16>, TransportProtocol, of: IPAddress, chain: String)
    /// Packets to a virtual server.
    case server(VirtualServerKey, TransportProtocol, owner: String, chain: String)
    /// Back to the endpoint that the client had, if its last connection began less than so many
    /// seconds ago.
    case returning(Share, Memory, seconds: UInt32)
    /// One of 2³¹ parts of what comes this far to an endpoint; nil for all of it.
    case balance(Share, parts: UInt32?, memory: Memory?)
}

extension BalancingRule {
    /// As in `iptables-save`, without the chain that it is in.
    package var text: String {
        switch self {
        case .member(let set, let chain):
            return "-m set --match-set \(set.name) \(set.lookup) -j \(chain)"
        case .address(let bits, let mask, let family, let chain):
            return "-d \(Self.text(bits, family))/\(Self.text(mask, family)) -j \(chain)"
        case .mark(let value, let mask, let chain):
            return "-m mark --mark 0x\(hexadecimal(value))/0x\(hexadecimal(mask)) -j \(chain)"
        case .ports(let ports, let transport, let address, let chain):
            let name = transport.lowercased
            return "-d \(address)/\(address.family.bits) -p \(name) -m \(name) "
                + "--dport \(ports.lowerBound):\(ports.upperBound) -j \(chain)"
        case .server(.address(let endpoint, _), let transport, let owner, let chain):
            let name = transport.lowercased
            let address = endpoint.address
            return "-d \(address)/\(address.family.bits) -p \(name) \(Self.comment(owner))"
                + "-m \(name) --dport \(endpoint.port) -j \(chain)"
        case .server(.firewallMark(let mark, _), let transport, let owner, let chain):
            return "-p \(transport.lowercased) -m mark --mark 0x\(hexadecimal(mark)) "
                + "\(Self.comment(owner))-j \(chain)"
        case .returning(let share, let memory, let seconds):
            let draining = share.weight == 0 ? Self.text(parts: 0) : ""
            return "-p \(share.transport.lowercased) \(Self.comment(share.remark))\(draining)"
                + "-m recent --update --seconds \(seconds) --reap "
                + "\(memory.text(share.endpoint.address.family))\(share.target)"
        case .balance(let share, let parts, let memory):
            let chance = parts.map { Self.text(parts: $0) } ?? ""
            let memory = memory.map {
                "-m recent --set \($0.text(share.endpoint.address.family))"
            }
            return "-p \(share.transport.lowercased) \(Self.comment(share.remark))\(chance)"
                + (memory ?? "") + share.target
        }
    }

    /// The parts of `parts`.
    package static let whole: UInt32 = 1 << 31

    private static func text(_ bits: UInt16, _ family: AddressFamily) -> String {
        switch family {
        case .ipv4: "\(IPAddress.ipv4(UInt32(bits)))"
        case .ipv6: "\(IPAddress.ipv6(high: 0, low: UInt64(bits)))"
        }
    }

    private static func comment(_ text: String) -> String {
        text.isEmpty ? "" : "-m comment --comment \"\(text)\" "
    }

    /// As a fraction of 11 digits, as `libxt_statistic` prints it.
    static func text(parts: UInt32) -> String {
        "-m statistic --mode random --probability \(fraction(parts)) "
    }

    /// `0.33333333349`.
    private static func fraction(_ parts: UInt32) -> String {
        let scale: UInt64 = 100_000_000_000
        // Both factors together are below 2^68, so the whole is taken apart first.
        let whole = UInt64(parts / Self.whole)
        let rest = UInt64(parts % Self.whole)
        // Rounded to the nearest; where that is not one number, to the even one, as printf does.
        let (high, low) = rest.multipliedFullWidth(by: scale)
        var digits = high << 33 | low >> 31
        let remainder = low & (1 << 31 - 1)
        if remainder > 1 << 30 || (remainder == 1 << 30 && digits & 1 == 1) { digits += 1 }
        let text = String(digits)
        return "\(whole)." + String(repeating: "0", count: 11 - text.count) + text
    }
}

extension BalancingRule.Share {
    fileprivate var target: String {
        let place =
            endpoint.address.family == .ipv4
            ? "\(endpoint.address):\(endpoint.port)" : "[\(endpoint.address)]:\(endpoint.port)"
        return "-j DNAT --to-destination \(place)"
    }

    /// The Service port, for those who look for it, and a weight that is not the usual one.
    fileprivate var remark: String {
        guard weight != 1 else { return owner }
        return owner.isEmpty ? "weight \(weight)" : "\(owner) weight \(weight)"
    }
}

extension BalancingRule.Memory {
    fileprivate func text(_ family: AddressFamily) -> String {
        "--name \(list) --mask \(mask(family)) --rsource "
    }

    private func mask(_ family: AddressFamily) -> String {
        let length = Int(prefixLength)
        switch family {
        case .ipv4: return "\(IPAddress.ipv4(length == 0 ? 0 : ~0 << UInt32(32 - length)))"
        case .ipv6:
            let high: UInt64 = length >= 64 ? ~0 : length == 0 ? 0 : ~0 << UInt64(64 - length)
            let low: UInt64 = length <= 64 ? 0 : ~0 << UInt64(128 - length)
            return "\(IPAddress.ipv6(high: high, low: low))"
        }
    }
}

extension TransportProtocol {
    var lowercased: String {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .sctp: "sctp"
        }
    }
}

func hexadecimal(_ number: UInt32) -> String { String(number, radix: 16) }
