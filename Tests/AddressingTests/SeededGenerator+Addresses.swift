import Addressing
import TestSupport

extension SeededGenerator {
    /// An address whose 16-bit groups are often 0 or 0xffff, so that runs of them occur.
    mutating func address() -> IPAddress {
        if Bool.random(using: &self) {
            return .ipv4(pick([0, 1, 0x7f00_0001, UInt32.max, UInt32(truncatingIfNeeded: next())]))
        }
        var halves: [UInt64] = []
        for _ in 0..<2 {
            var half: UInt64 = 0
            for _ in 0..<4 { half = half << 16 | pick([0, 0, 0, 1, 0xffff, next() & 0xffff]) }
            halves.append(half)
        }
        if Int.random(in: 0..<4, using: &self) == 0 { halves[0] = 0 }
        if Int.random(in: 0..<8, using: &self) == 0 { halves[1] = halves[1] & 0xffff_ffff }
        if Int.random(in: 0..<8, using: &self) == 0 {
            halves[1] = 0xffff_0000_0000 | halves[1] & 0xffff_ffff
        }
        return .ipv6(high: halves[0], low: halves[1])
    }
}
