import Addressing
import Testing
import TestSupport

@Suite struct SocketEndpointTests {
    @Test func comesBackFromItsText() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2_000 {
            let endpoint = SocketEndpoint(
                generator.address(),
                .random(in: 0...UInt16.max, using: &generator)
            )
            #expect(SocketEndpoint(endpoint.description) == endpoint)
        }
    }

    @Test func bracketsIPv6Only() throws {
        #expect(try SocketEndpoint(IPAddress("10.0.0.1"), 80).description == "10.0.0.1:80")
        #expect(try SocketEndpoint(IPAddress("fd00::1"), 0).description == "[fd00::1]:0")
        #expect(
            try SocketEndpoint(IPAddress("::ffff:10.0.0.1"), 65535).description
                == "[::ffff:10.0.0.1]:65535"
        )
    }

    @Test(arguments: [
        "", ":", ":80", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:80 ",
        "10.0.0.1: 80", "[10.0.0.1]:80", "fd00::1:80", "fd00::1", "[fd00::1]", "[fd00::1]:",
        "[fd00::1]80", "[]:80", "[fd00::1:80", "fd00::1]:80", "[[fd00::1]]:80", "[fe80::1%a]:80",
        "10.0.0.01:80", "web:80",
    ])
    func isNothingForOtherTexts(_ text: String) {
        #expect(SocketEndpoint(text) == nil)
    }

    @Test(arguments: ["10.0.0.1:+80", "10.0.0.1:080", "10.0.0.1:-0", "[fd00::1]:+80"])
    func isNothingForPortsThatItWouldNotWrite(_ text: String) {
        #expect(SocketEndpoint(text) == nil)
    }
}
