import Addressing
import DataplaneModel

/// The order of an `ipvsadm` listing.
///
/// `ipvsadm` compares addresses by the sign of a 32-bit difference, which is no order at all for
/// addresses far apart: 192.168.0.1 comes before 10.0.0.1, and three addresses may go round in a
/// circle. What it prints then depends on how `qsort` of the GNU C library goes about it, so that is
/// followed here too: a merge sort that halves, the smaller half first.
enum ListingOrder {
    static func sorted(_ readings: [VirtualServerReading]) -> [VirtualServerReading] {
        mergeSorted(readings) { compare($0.server.key, $1.server.key) }
    }

    static func sorted(_ readings: [RealServerReading]) -> [RealServerReading] {
        mergeSorted(readings) { compare($0.server.address, $1.server.address) }
    }

    private static func compare(_ left: VirtualServerKey, _ right: VirtualServerKey) -> Int32 {
        let (first, second) = (SortKey(left), SortKey(right))
        if first.mark != second.mark { return Int32(bitPattern: first.mark &- second.mark) }
        if first.family != second.family { return first.family < second.family ? -1 : 1 }
        if first.transport != second.transport {
            return first.transport < second.transport ? -1 : 1
        }
        guard let firstEndpoint = first.endpoint, let secondEndpoint = second.endpoint else {
            return 0
        }
        return compare(firstEndpoint, secondEndpoint)
    }

    private struct SortKey {
        var mark: UInt32 = 0
        var family: AddressFamily
        /// Two marks are told apart before it comes to their protocol.
        var transport = TransportProtocol.tcp
        var endpoint: SocketEndpoint?

        init(_ key: VirtualServerKey) {
            family = key.family
            switch key {
            case .address(let endpoint, let transport):
                self.endpoint = endpoint
                self.transport = transport
            case .firewallMark(let mark, _):
                self.mark = mark
            }
        }
    }

    private static func compare(_ left: SocketEndpoint, _ right: SocketEndpoint) -> Int32 {
        // An IPv4 address beside an IPv6 one counts as if zeros stood behind it.
        let words = zip(left.address.words, right.address.words + [0, 0, 0])
        for (first, second) in words where first != second {
            return Int32(bitPattern: first &- second)
        }
        return Int32(left.port) - Int32(right.port)
    }

    private static func mergeSorted<Element>(
        _ elements: [Element],
        by compare: (Element, Element) -> Int32
    ) -> [Element] {
        guard elements.count > 1 else { return elements }
        let middle = elements.count / 2
        let left = mergeSorted(Array(elements[..<middle]), by: compare)
        let right = mergeSorted(Array(elements[middle...]), by: compare)
        var merged: [Element] = []
        merged.reserveCapacity(elements.count)
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
            if compare(left[first], right[second]) <= 0 {
                merged.append(left[first])
                first += 1
            } else {
                merged.append(right[second])
                second += 1
            }
        }
        return merged + left[first...] + right[second...]
    }
}

extension IPAddress {
    /// The 32-bit words of an address, first one first.
    fileprivate var words: [UInt32] {
        let low = [
            UInt32(truncatingIfNeeded: self.low >> 32), UInt32(truncatingIfNeeded: self.low),
        ]
        return family == .ipv4
            ? [low[1]]
            : [UInt32(truncatingIfNeeded: high >> 32), UInt32(truncatingIfNeeded: high)] + low
    }
}
