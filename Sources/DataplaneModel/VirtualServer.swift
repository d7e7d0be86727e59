package import Addressing

/// What makes a virtual server the one it is.
package enum VirtualServerKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Packets to this address and port.
    case address(SocketEndpoint, TransportProtocol)
    /// Packets of a family that carry this mark (1…2^32−1), whatever their destination.
    case firewallMark(UInt32, AddressFamily)

    package var family: AddressFamily {
        switch self {
        case .address(let endpoint, _): endpoint.address.family
        case .firewallMark(_, let family): family
        }
    }

    /// Marks 0 first, as in an `ipvsadm` listing: then by mark, family, protocol, address and port.
    package static func < (left: VirtualServerKey, right: VirtualServerKey) -> Bool {
        switch (left, right) {
        case (.address(let first, let firstProtocol), .address(let second, let secondProtocol)):
            if first.address.family != second.address.family {
                return first.address.family < second.address.family
            }
            return firstProtocol == secondProtocol ? first < second : firstProtocol < secondProtocol
        case (
            .firewallMark(let first, let firstFamily), .firewallMark(let second, let secondFamily)
        ):
            return first == second ? firstFamily < secondFamily : first < second
        case (.address, .firewallMark):
            return true
        case (.firewallMark, .address):
            return false
        }
    }

    /// `TCP 10.96.0.1:80`, `FWM 3001` or `FWM 3001 IPv6`.
    package var description: String {
        switch self {
        case .address(let endpoint, let transport): "\(transport) \(endpoint)"
        case .firewallMark(let mark, .ipv4): "FWM \(mark)"
        case .firewallMark(let mark, .ipv6): "FWM \(mark) IPv6"
        }
    }

    /// Reads what `description` writes; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 2 else { return nil }
        if words[0] == "FWM", let mark = UInt32(words[1]), mark != 0, String(mark) == words[1] {
            guard words.count == 2 || (words.count == 3 && words[2] == "IPv6") else { return nil }
            self = .firewallMark(mark, words.count == 2 ? .ipv4 : .ipv6)
        } else if words.count == 2, let transport = TransportProtocol(kubernetesName: words[0]),
            let endpoint = SocketEndpoint(words[1])
        {
            self = .address(endpoint, transport)
        } else {
            return nil
        }
    }
}

/// How a virtual server keeps a client with its real server.
package struct Persistence: Hashable, Sendable {
    /// Seconds since the last connection after which a client is forgotten, 1…2,678,400 (31 days).
    package let timeout: UInt32
    /// Clients count as one when their addresses agree in this many leading bits: 32 is
    /// 255.255.255.255.
    ///
    /// IPv4 masks are contiguous here, as `ipvsadm` makes them.
    package let prefixLength: UInt8

    package init(timeout: UInt32, prefixLength: UInt8) {
        self.timeout = timeout
        self.prefixLength = prefixLength
    }

    /// Every client address on its own.
    package init(timeout: UInt32, family: AddressFamily) {
        self.init(timeout: timeout, prefixLength: UInt8(family.bits))
    }
}

/// The specification of a virtual server: everything about it that can be set.
package struct VirtualServer: Hashable, Sendable {
    package let key: VirtualServerKey
    package var scheduler: Scheduler
    package var schedulerFlags: SchedulerFlags
    package var persistence: Persistence?
    /// The persistence engine; the kernel has one, `sip`.
    package var persistenceEngine: String?
    /// Each datagram is scheduled on its own (UDP only).
    package var onePacket: Bool

    package init(
        key: VirtualServerKey,
        scheduler: Scheduler,
        schedulerFlags: SchedulerFlags = [],
        persistence: Persistence? = nil,
        persistenceEngine: String? = nil,
        onePacket: Bool = false
    ) {
        self.key = key
        self.scheduler = scheduler
        self.schedulerFlags = schedulerFlags
        self.persistence = persistence
        self.persistenceEngine = persistenceEngine
        self.onePacket = onePacket
    }
}
