import Addressing
import DataplaneModel
import Glibc
import Testing

@testable import Listing
import TestSupport

@Suite struct ListingOrderTests {
    struct Sorting: CustomTestStringConvertible {
        let name: String
        let keys: [String]

        var testDescription: String { name }
    }

    /// In the order in which `ipvsadm` lists them.
    @Test(arguments: [
        Sorting(
            name: "near addresses by number",
            keys: ["TCP 10.96.0.9:80", "TCP 10.96.0.10:80", "TCP 10.96.1.1:80"]
        ),
        Sorting(
            name: "far addresses by the sign of a difference that wraps",
            keys: ["TCP 192.168.0.1:80", "TCP 10.0.0.1:80"]
        ),
        Sorting(
            name: "ports behind addresses",
            keys: ["TCP 10.0.0.1:1", "TCP 10.0.0.1:65535", "TCP 10.0.0.2:1"]
        ),
        Sorting(
            name: "protocols before addresses",
            keys: ["TCP 10.0.0.9:80", "UDP 10.0.0.5:80", "SCTP 10.0.0.1:80"]
        ),
        Sorting(
            name: "families before protocols",
            keys: ["SCTP 10.0.0.1:80", "TCP [fd00::1]:80", "UDP [fd00::1]:53"]
        ),
        Sorting(
            name: "IPv6 word by word",
            keys: ["TCP [fd00::1:0:0]:80", "TCP [fd00::1:0:1]:80", "TCP [fd00::1:0:0:0]:80"]
        ),
        Sorting(
            name: "far IPv6 addresses by the sign of a word's difference",
            keys: ["TCP [fd00::1]:80", "TCP [2001:db8::1]:80"]
        ),
        Sorting(
            name: "marks last, by number, IPv4 first",
            keys: ["SCTP [fd00::1]:80", "FWM 1", "FWM 2", "FWM 2 IPv6", "FWM 3"]
        ),
    ])
    func followsIpvsadm(_ sorting: Sorting) throws {
        let keys = try sorting.keys.map { try #require(VirtualServerKey($0)) }
        let readings = keys.map { Sample.virtual($0, "rr") }
        for order in [readings, readings.reversed()] {
            let sorted = ListingOrder.sorted(order).map(\.server.key.description)
            #expect(sorted == sorting.keys)
        }
    }

    /// Two addresses half of all apart come before each other: the one that came first stays first.
    @Test func leavesWhatItCannotDecideInTheOrderOfTheKernel() throws {
        let readings = try ["0.0.0.0:80", "128.0.0.0:80"].map { try Sample.virtual($0, .tcp, "rr") }
        #expect(ListingOrder.sorted(readings) == readings)
        #expect(ListingOrder.sorted(readings.reversed()) == readings.reversed())
    }

    /// Where the first of two is IPv6, an IPv4 address counts as one with zeros behind it; where it
    /// is IPv4, only its own 32 bits count.
    @Test func comparesFamiliesAsIpvsadmDoes() throws {
        let texts = ["32.1.13.184:80", "[2001:db8::1]:80"]
        let readings = try texts.map { try Sample.real($0) }
        for order in [readings, readings.reversed()] {
            let sorted = ListingOrder.sorted(order).map(\.server.address.description)
            #expect(sorted == texts)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func goesRoundInCirclesAsQsortDoes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 0...50, using: &generator)
        let bits = (0..<count).map { _ in UInt32.random(in: 0...UInt32.max, using: &generator) }
        let expected = Self.sortedByTheCLibrary(bits)

        let servers = bits.map {
            Sample.virtual(.address(SocketEndpoint(.ipv4($0), 80), .tcp), "rr")
        }
        #expect(
            ListingOrder.sorted(servers).map(\.server.key)
                == expected.map { .address(SocketEndpoint(.ipv4($0), 80), .tcp) }
        )

        let realServers = bits.map {
            RealServerReading(server: RealServer(address: SocketEndpoint(.ipv4($0), 80)))
        }
        #expect(
            ListingOrder.sorted(realServers).map(\.server.address.address)
                == expected.map { .ipv4($0) }
        )
    }

    private static func sortedByTheCLibrary(_ numbers: [UInt32]) -> [UInt32] {
        var numbers = numbers
        unsafe qsort(&numbers, numbers.count, MemoryLayout<UInt32>.stride) { left, right in
            let first = unsafe left?.loadUnaligned(as: UInt32.self) ?? 0
            let second = unsafe right?.loadUnaligned(as: UInt32.self) ?? 0
            return Int32(bitPattern: first &- second)
        }
        return numbers
    }
}
