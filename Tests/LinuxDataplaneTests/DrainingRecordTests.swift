import Addressing
import DataplaneModel
import LinuxDataplane
import TestSupport
import Testing

@Suite struct DrainingRecordTests {
    private typealias Line = DrainingRecord.Line

    private static func line(
        _ key: String,
        _ address: String,
        since: Int64,
        limit: Int64
    ) throws -> Line {
        Line(
            key: try #require(VirtualServerKey(key)),
            address: try #require(SocketEndpoint(address)),
            since: .milliseconds(since),
            limit: .milliseconds(limit)
        )
    }

    private static func example() throws -> [Line] {
        [
            try line("TCP 10.96.0.1:80", "10.244.1.2:8080", since: 12_345, limit: 3_600_000),
            try line("UDP [fd00::1]:53", "[fd00:1::2]:53", since: 0, limit: 2000),
            try line("FWM 4097", "10.244.1.2:8080", since: 1 << 40, limit: 0),
        ]
    }

    @Test func isReadAsItWasWritten() throws {
        let lines = try Self.example()
        let text = DrainingRecord.text(of: lines)
        #expect(text.hasPrefix("fairlead-draining 1\n"))
        #expect(text.contains("\nTCP 10.96.0.1:80\t10.244.1.2:8080\t12345\t3600000\n"))
        #expect(DrainingRecord.parse(text).map { Set($0) } == Set(lines))
        #expect(DrainingRecord.parse(DrainingRecord.text(of: [])) == [])
        // The order of what is written does not depend on that of the input.
        #expect(DrainingRecord.text(of: lines.reversed()) == text)
    }

    /// Wherever it was cut off or changed, it counts for nothing.
    @Test func whatIsDamagedIsNotBelieved() throws {
        let bytes = Array(DrainingRecord.text(of: try Self.example()).utf8)
        for count in 0..<bytes.count {
            #expect(DrainingRecord.parse(String(decoding: bytes[..<count], as: UTF8.self)) == nil)
        }
        for index in bytes.indices {
            for bit in 0..<7 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                #expect(DrainingRecord.parse(String(decoding: changed, as: UTF8.self)) == nil)
            }
        }
    }

    @Test func anotherVersionIsNotBelieved() {
        let body = "fairlead-draining 2\n"
        #expect(DrainingRecord.parse(body + Fingerprint.of(body) + "\n") == nil)
    }

    @Test func timesThatMakeNoSenseAreNotBelieved() {
        for row in [
            "TCP 10.96.0.1:80\t10.244.1.2:8080\t-1\t5", "TCP 10.96.0.1:80\t10.244.1.2:8080\t1\t+5",
            "TCP 10.96.0.1:80\t10.244.1.2:8080\t1\t9223372036854775807",
            "TCP 10.96.0.1:80\t10.244.1.2:8080\t1", "TCP 10.96.0.1\t10.244.1.2:8080\t1\t1",
        ] {
            let body = "fairlead-draining 1\n\(row)\n"
            #expect(DrainingRecord.parse(body + Fingerprint.of(body) + "\n") == nil, "\(row)")
        }
    }

    @Test func aFileIsReplacedAsAWholeAndADamagedOneIsNamed() throws {
        let directory = "/tmp/fairlead-draining-\(UInt64.random(in: 0 ... .max))"
        defer {
            try? HostFile.remove(DrainingRecord.path(in: directory))
        }
        #expect(try DrainingRecord.load(stateDirectory: directory) == [])
        let lines = try Self.example()
        try DrainingRecord.store(lines, stateDirectory: directory)
        try DrainingRecord.store([lines[0]], stateDirectory: directory)
        #expect(try DrainingRecord.load(stateDirectory: directory) == [lines[0]])
        try HostFile.replace(DrainingRecord.path(in: directory), with: "fairlead-draining 1\n")
        let error = #expect(throws: DataplaneError.self) {
            try DrainingRecord.load(stateDirectory: directory)
        }
        #expect(error?.hint.contains("it is damaged") == true)
    }

    @Test func theClockGoesOn() {
        let before = DrainingRecord.sinceBoot
        #expect(before > .zero)
        #expect(DrainingRecord.sinceBoot >= before)
    }
}
