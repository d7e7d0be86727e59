import Addressing
import Testing
import TestSupport

@Suite struct IPAddressTests {
    struct Kind: CustomTestStringConvertible {
        let text: String
        var loopback = false
        var unspecified = false
        var multicast = false
        var linkLocal = false

        var testDescription: String { text }
    }

    @Test(arguments: [
        Kind(text: "127.0.0.0", loopback: true),
        Kind(text: "127.255.255.255", loopback: true),
        Kind(text: "126.255.255.255"),
        Kind(text: "128.0.0.0"),
        Kind(text: "::1", loopback: true),
        Kind(text: "::2"),
        Kind(text: "1::1"),
        Kind(text: "::127.0.0.1"),
        Kind(text: "::ffff:127.0.0.1"),
        Kind(text: "0.0.0.0", unspecified: true),
        Kind(text: "::", unspecified: true),
        Kind(text: "0.0.0.1"),
        Kind(text: "1::"),
        Kind(text: "223.255.255.255"),
        Kind(text: "224.0.0.0", multicast: true),
        Kind(text: "239.255.255.255", multicast: true),
        Kind(text: "240.0.0.0"),
        Kind(text: "ff00::", multicast: true),
        Kind(text: "ff02::1", multicast: true),
        Kind(text: "feff::1"),
        Kind(text: "169.253.255.255"),
        Kind(text: "169.254.0.0", linkLocal: true),
        Kind(text: "169.254.255.255", linkLocal: true),
        Kind(text: "169.255.0.0"),
        Kind(text: "fe7f::1"),
        Kind(text: "fe80::", linkLocal: true),
        Kind(text: "febf:ffff::1", linkLocal: true),
        Kind(text: "fec0::1"),
    ])
    func knowsWhatAnAddressIsFor(_ kind: Kind) throws {
        let address = try IPAddress(kind.text)
        #expect(address.isLoopback == kind.loopback)
        #expect(address.isUnspecified == kind.unspecified)
        #expect(address.isMulticast == kind.multicast)
        #expect(address.isLinkLocal == kind.linkLocal)
    }

    @Test func givesItsBytesInNetworkOrder() throws {
        #expect(try IPAddress("10.96.1.2").bytes == [10, 96, 1, 2])
        #expect(
            try IPAddress("102:304:506:708:90a:b0c:d0e:f10").bytes == Array(1...16 as ClosedRange)
        )
    }

    @Test func comesBackFromItsBytes() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<1_000 {
            let address = generator.address()
            let bytes = address.bytes
            #expect(bytes.count == address.family.bits / 8)
            #expect(IPAddress(family: address.family, bytes: bytes) == address)
        }
    }

    @Test func ignoresWhatStandsBehindItsBytes() throws {
        let padded: [UInt8] = [10, 96, 0, 1] + [UInt8](repeating: 0xff, count: 12)
        #expect(try IPAddress(family: .ipv4, bytes: padded) == IPAddress("10.96.0.1"))
        let long = [UInt8](repeating: 0, count: 15) + [1, 0xff]
        #expect(try IPAddress(family: .ipv6, bytes: long) == IPAddress("::1"))
    }

    @Test(arguments: [(AddressFamily.ipv4, 4), (.ipv6, 16)])
    func isNothingWithTooFewBytes(family: AddressFamily, needed: Int) {
        for count in 0..<needed {
            let bytes = [UInt8](repeating: 1, count: count)
            #expect(IPAddress(family: family, bytes: bytes) == nil)
        }
    }

    @Test func tellsFamiliesApartWhereTheNumbersAgree() {
        #expect(IPAddress.ipv4(1) != .ipv6(high: 0, low: 1))
        #expect(Set([IPAddress.ipv4(0), .ipv6(high: 0, low: 0)]).count == 2)
    }

    @Test func familiesHaveTheirKubernetesNames() {
        #expect(AddressFamily.allCases.map(\.description) == ["IPv4", "IPv6"])
        #expect(AddressFamily.allCases.map(\.bits) == [32, 128])
    }

    @Test func protocolsHaveTheirKubernetesNamesAndTheirNumbers() {
        #expect(TransportProtocol.allCases.map(\.description) == ["TCP", "UDP", "SCTP"])
        #expect(TransportProtocol.allCases.map(\.rawValue) == [6, 17, 132])
        for transport in TransportProtocol.allCases {
            #expect(TransportProtocol(kubernetesName: transport.description) == transport)
        }
    }

    @Test(arguments: ["", "tcp", "TCP ", "ICMP", "6"])
    func otherProtocolNamesAreNone(_ text: String) {
        #expect(TransportProtocol(kubernetesName: text) == nil)
    }
}
