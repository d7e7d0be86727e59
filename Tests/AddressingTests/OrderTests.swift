import Addressing
import Testing
import TestSupport

@Suite struct OrderTests {
    @Test func putsIPv4BeforeIPv6AndThenGoesByNumber() throws {
        let sorted = try [
            "0.0.0.0", "9.255.255.255", "10.0.0.1", "10.0.0.2", "192.168.0.1", "255.255.255.255",
            "::", "::1", "::1:0:0:0", "0:0:0:1::", "fd00::", "ffff::",
        ].map { try IPAddress($0) }
        #expect(sorted.reversed().sorted() == sorted)
        for (index, left) in sorted.enumerated() {
            for (other, right) in sorted.enumerated() { #expect((left < right) == (index < other)) }
        }
    }

    @Test func sortsEndpointsByAddressAndThenByPort() {
        let texts = ["10.0.0.1:80", "10.0.0.1:443", "10.0.0.2:1", "[::1]:1", "[::1]:2", "[::2]:0"]
        let sorted = texts.compactMap { SocketEndpoint($0) }
        #expect(sorted.reversed().sorted().map(\.description) == texts)
    }

    @Test func sortsPrefixesByAddressAndThenWidestFirst() throws {
        let texts = ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "::/0", "fd00::/8"]
        let sorted = try texts.map { try IPPrefix($0) }
        #expect(sorted.reversed().sorted().map(\.description) == texts)
    }

    @Test func sortsProtocolsByNumber() {
        #expect([TransportProtocol.sctp, .udp, .tcp].sorted() == [.tcp, .udp, .sctp])
        #expect([AddressFamily.ipv6, .ipv4].sorted() == [.ipv4, .ipv6])
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func isATotalOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let addresses = (0..<40).map { _ in generator.address() }
        expectTotalOrder(addresses)
        expectTotalOrder(
            addresses.map { SocketEndpoint($0, .random(in: 0...2, using: &generator)) }
        )
        expectTotalOrder(
            addresses.map { IPPrefix(holding: $0, length: .random(in: 0...3, using: &generator)) }
        )
    }

    private func expectTotalOrder<Value: Comparable>(_ values: [Value]) {
        for left in values {
            for right in values {
                let holding = [left < right, left == right, right < left].count(where: \.self)
                #expect(holding == 1, "\(left), \(right)")
                for third in values where left < right && right < third {
                    #expect(left < third, "\(left), \(right), \(third)")
                }
            }
        }
    }
}
