package import Addressing
package import DataplaneModel

/// What `/proc/net/ip_vs` says: all virtual and real servers in one stream, without some of what can be
/// set.
///
/// It leaves out the flags for schedulers, the persistence engine, thresholds, how packets are
/// tunnelled, the family of a mark, and for IPv6 whether each datagram is scheduled on its own
/// (`ip_vs_info_seq_show`, `net/netfilter/ipvs/ip_vs_ctl.c`).
package struct TableText: Sendable {
    /// One virtual server, as far as the text tells of it.
    package struct Row: Hashable, Sendable {
        /// Nil for a mark without real servers, whose family nothing tells.
        package var key: VirtualServerKey?
        package let scheduler: Scheduler
        package let onePacket: Bool
        package let persistenceTimeout: UInt32?
        package var realServers: [RealServerRow]
        fileprivate let mark: UInt32?
    }

    package struct RealServerRow: Hashable, Sendable {
        package let address: SocketEndpoint
        /// `Masq`, `Local`, `Tunnel`, `Route` or `Bypass`.
        package let forwarding: String
        package let weight: Int32
    }

    package private(set) var rows: [Row] = []

    /// Reads the text; lines that make no sense are passed over, with what belongs to them.
    ///
    /// By bytes: there may be hundreds of thousands of lines.
    package init(_ text: some StringProtocol) {
        var row: Row?
        for line in Array(text.utf8).split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "))
            guard let first = words.first else { continue }
            if first.elementsEqual("->".utf8) {
                guard let server = RealServerRow(words) else {
                    // Not known as it is, so it has to be asked for.
                    row?.key = nil
                    continue
                }
                row?.realServers.append(server)
                continue
            }
            if let row { add(row) }
            row = Row(words)
        }
        if let row { add(row) }
    }

    private mutating func add(_ row: Row) {
        var row = row
        if let mark = row.mark, let server = row.realServers.first {
            row.key = .firewallMark(mark, server.address.address.family)
        }
        row.realServers.sort { $0.address < $1.address }
        rows.append(row)
    }
}

extension TableText.Row {
    fileprivate init?(_ words: [ArraySlice<UInt8>]) {
        guard words.count >= 3 else { return nil }
        scheduler = Scheduler(rawValue: String(decoding: words[2], as: UTF8.self))
        if words[0].elementsEqual("FWM".utf8) {
            guard let mark = UInt32(tableText: words[1], radix: 16), mark != 0 else { return nil }
            self.mark = mark
            key = nil
        } else {
            let name = String(decoding: words[0], as: UTF8.self)
            guard let transport = TransportProtocol(kubernetesName: name),
                let endpoint = SocketEndpoint(tableText: words[1])
            else { return nil }
            mark = nil
            key = .address(endpoint, transport)
        }
        var rest = words[3...]
        onePacket = rest.first?.elementsEqual("ops".utf8) ?? false
        if onePacket { rest.removeFirst() }
        if rest.first?.elementsEqual("persistent".utf8) ?? false {
            guard rest.count == 3,
                let timeout = UInt32(tableText: rest[rest.startIndex + 1], radix: 10)
            else { return nil }
            persistenceTimeout = timeout
        } else {
            persistenceTimeout = nil
        }
        realServers = []
    }

    /// Whether this is what is known of a virtual server, as far as the text tells.
    package func agrees(with entry: IPVSState.Entry) -> Bool {
        let server = entry.server
        let isIPv6 = if case .address = server.key { server.key.family == .ipv6 } else { false }
        guard key == server.key, scheduler == server.scheduler,
            onePacket == server.onePacket || isIPv6,
            persistenceTimeout == server.persistence?.timeout,
            realServers.count == entry.realServers.count
        else { return false }
        return zip(realServers, entry.realServers).allSatisfy { row, known in
            row.address == known.address && row.weight == known.weight
                && row.forwarding == known.forwarding.tableText
        }
    }
}

extension TableText.RealServerRow {
    fileprivate init?(_ words: [ArraySlice<UInt8>]) {
        guard words.count == 6, let address = SocketEndpoint(tableText: words[1]),
            let weight = Int32(tableText: words[3], radix: 10)
        else { return nil }
        self.address = address
        forwarding = String(decoding: words[2], as: UTF8.self)
        self.weight = weight
    }
}

extension ForwardingMethod {
    /// `ip_vs_fwd_name`, `net/netfilter/ipvs/ip_vs_conn.c`.
    fileprivate var tableText: String {
        switch self {
        case .masquerade: "Masq"
        case .localNode: "Local"
        case .tunnel: "Tunnel"
        case .directRouting: "Route"
        case .bypass: "Bypass"
        }
    }
}

extension SocketEndpoint {
    /// `0A600001:0050`, or `[fd00:0010:0096:0000:0000:0000:0000:0001]:0050`.
    fileprivate init?(tableText text: ArraySlice<UInt8>) {
        guard let colon = text.lastIndex(of: UInt8(ascii: ":")),
            let port = UInt16(tableText: text[(colon + 1)...], radix: 16)
        else { return nil }
        let address = text[..<colon]
        if address.first == UInt8(ascii: "["), address.last == UInt8(ascii: "]") {
            let inner = String(decoding: address.dropFirst().dropLast(), as: UTF8.self)
            guard let parsed = try? IPAddress(inner), parsed.family == .ipv6 else { return nil }
            self.init(parsed, port)
        } else {
            guard address.count == 8, let number = UInt32(tableText: address, radix: 16) else {
                return nil
            }
            self.init(.ipv4(number), port)
        }
    }
}

extension FixedWidthInteger {
    /// A number without a sign; nil for anything else, and for one that is too large.
    fileprivate init?(tableText text: ArraySlice<UInt8>, radix: Self) {
        guard !text.isEmpty else { return nil }
        var number = Self.zero
        for byte in text {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            guard digit < radix else { return nil }
            let (shifted, isTooLarge) = number.multipliedReportingOverflow(by: radix)
            let (sum, isOver) = shifted.addingReportingOverflow(Self(digit))
            guard !isTooLarge, !isOver else { return nil }
            number = sum
        }
        self = number
    }
}
