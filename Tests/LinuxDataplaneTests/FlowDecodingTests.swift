import Addressing
import DataplaneModel
import Netlink
import TestSupport
import Testing

@testable import LinuxDataplane

/// What the kernel's connection tracking answers, as bytes.
@Suite struct FlowDecodingTests {
    /// A payload as a kernel sent it (Linux 6.18).
    struct Recording: CustomTestStringConvertible {
        let testDescription: String
        let text: String
        var flow: TrackedFlow?

        /// The text with its line breaks taken out, two digits a byte.
        var bytes: [UInt8] {
            let digits = text.compactMap(\.hexDigitValue)
            return stride(from: 0, to: digits.count - 1, by: 2).map {
                UInt8(digits[$0] << 4 | digits[$0 + 1])
            }
        }
    }

    private static func flow(
        _ source: String,
        _ destination: String,
        _ replySource: String,
        zone: UInt16 = 0,
        id: UInt32
    ) -> TrackedFlow? {
        guard let source = SocketEndpoint(source), let destination = SocketEndpoint(destination),
            let replySource = SocketEndpoint(replySource)
        else { return nil }
        return TrackedFlow(
            transport: .udp,
            source: source,
            destination: destination,
            replySource: replySource,
            replyDestination: source,
            zone: zone,
            id: id
        )
    }

    private static let rewritten = Recording(
        testDescription: "rewritten destination",
        text: """
            020000003400018014000180080001000a000001080002000a6000011c0002800500010011000000
            0600020003e9000006000300003500003400028014000180080001000af40005080002000a000001
            1c00028005000100110000000600020014e900000600030003e9000008000300000001a808000800
            0000000008000c001702390608000b000000000108000700000000631c0018800800010000000000
            08000200000000000800030000000000
            """,
        flow: flow("10.0.0.1:1001", "10.96.0.1:53", "10.244.0.5:5353", id: 386_021_638)
    )

    private static let rewrittenIPv6 = Recording(
        testDescription: "rewritten destination, IPv6",
        text: """
            0a0000004c0001802c00018014000300fd00000000000000000000000000000114000400fd000096
            0000000000000000000000011c00028005000100110000000600020003eb00000600030000350000
            4c0002802c00018014000300fd00024400000000000000000000000514000400fd00000000000000
            00000000000000011c00028005000100110000000600020014e900000600030003eb000008000300
            000001a8080008000000000008000c001bc496e608000b000000000108000700000000631c001880
            080001000000000008000200000000000800030000000000
            """,
        flow: flow(
            "[fd00::1]:1003",
            "[fd00:96::1]:53",
            "[fd00:244::5]:5353",
            id: 465_868_518
        )
    )

    private static let zoned = Recording(
        testDescription: "in a zone",
        text: """
            020000003400018014000180080001000a000001080002000a6000011c0002800500010011000000
            0600020003ea000006000300003500003400028014000180080001000a600001080002000a000001
            1c000280050001001100000006000200003500000600030003ea0000060012000007000008000300
            00000188080008000000000008000c00b1e2f8b508000b000000000108000700000000631c001880
            080001000000000008000200000000000800030000000000
            """,
        flow: flow("10.0.0.1:1002", "10.96.0.1:53", "10.96.0.1:53", zone: 7, id: 2_984_442_037)
    )

    private static let zonedForward = Recording(
        testDescription: "in a zone of the original direction alone",
        text: """
            020000003c00018014000180080001000a000001080002000a6000011c0002800500010011000000
            0600020003ec0000060003000035000006000300000900003400028014000180080001000a600001
            080002000a0000011c000280050001001100000006000200003500000600030003ec000008000300
            00000188080008000000000008000c009495b42908000b000000000108000700000000631c001880
            080001000000000008000200000000000800030000000000
            """,
        flow: flow("10.0.0.1:1004", "10.96.0.1:53", "10.96.0.1:53", zone: 9, id: 2_492_838_953)
    )

    private static let zonedBack = Recording(
        testDescription: "in a zone of the reply direction alone",
        text: """
            020000003400018014000180080001000a000001080002000a6000011c0002800500010011000000
            0600020003ed000006000300003500003c00028014000180080001000a600001080002000a000001
            1c000280050001001100000006000200003500000600030003ed0000060003000009000008000300
            00000188080008000000000008000c000e89d18108000b000000000108000700000000631c001880
            080001000000000008000200000000000800030000000000
            """,
        flow: flow("10.0.0.1:1005", "10.96.0.1:53", "10.96.0.1:53", id: 243_913_089)
    )

    private static let ping = Recording(
        testDescription: "without ports",
        text: """
            020000003c00018014000180080001000a000001080002000a600001240002800500010001000000
            0600040000090000050005000800000005000600000000003c00028014000180080001000a600001
            080002000a0000012400028005000100010000000600040000090000050005000000000005000600
            00000000080003000000018808000800000000000800 0c00a0adb20c08000b0000000001
            08000700000000631c001880080001000000000008000200000000000800030000000000
            """
    )

    private static let recordings = [
        rewritten, rewrittenIPv6, zoned, zonedForward, zonedBack, ping,
    ]

    @Test(arguments: recordings)
    func readsWhatAKernelSent(_ recording: Recording) {
        #expect(FlowDecoding.flow(recording.bytes.span) == recording.flow)
    }

    /// A part of an answer is the same flow, or none.
    ///
    /// The zone stands in front of the number, so no part has the number without its zone.
    @Test(arguments: recordings)
    func readsNothingElseFromAnAnswerThatWasCut(_ recording: Recording) {
        let bytes = recording.bytes
        for count in bytes.indices {
            let found = FlowDecoding.flow(Array(bytes[..<count]).span)
            #expect(found == nil || found == recording.flow, "\(count) bytes")
        }
        #expect(FlowDecoding.flow(Array(bytes[..<40]).span) == nil)
    }

    private enum Tuple {
        static let original: UInt16 = 1
        static let reply: UInt16 = 2
    }

    private static func payload(
        original: (inout AttributeWriter) -> Void,
        reply: (inout AttributeWriter) -> Void,
        rest: (inout AttributeWriter) -> Void = { $0.attribute(12, UInt32(1)) }
    ) -> [UInt8] {
        var writer = AttributeWriter()
        writer.zeros(4)
        writer.nest(Tuple.original, original)
        writer.nest(Tuple.reply, reply)
        rest(&writer)
        return writer.bytes
    }

    /// One direction as it must be, but for what is left out or said differently.
    private static func direction(
        addresses: Int = 4,
        secondAddressType: UInt16 = 2,
        transport: UInt8? = 17,
        ports: [Int] = [2, 2]
    ) -> (inout AttributeWriter) -> Void {
        { writer in
            writer.nest(1) { writer in
                writer.attribute(1) { $0.zeros(addresses) }
                writer.attribute(secondAddressType) { $0.zeros(16) }
            }
            writer.nest(2) { writer in
                if let transport { writer.attribute(1, transport) }
                for (index, size) in ports.enumerated() {
                    writer.attribute(UInt16(2 + index)) { $0.zeros(size) }
                }
            }
        }
    }

    @Test func aFlowNeedsItsWholeIdentity() {
        let whole = Self.direction()
        func isFlow(_ payload: [UInt8]) -> Bool { FlowDecoding.flow(payload.span) != nil }
        #expect(isFlow(Self.payload(original: whole, reply: whole)))
        let faults: [(String, (inout AttributeWriter) -> Void)] = [
            ("short address", Self.direction(addresses: 3)),
            ("two families", Self.direction(secondAddressType: 4)),
            ("no destination", Self.direction(secondAddressType: 9)),
            ("no protocol", Self.direction(transport: nil)),
            ("a protocol without ports", Self.direction(transport: 1)),
            ("short port", Self.direction(ports: [2, 1])),
            ("no destination port", Self.direction(ports: [2])),
            ("no ports", Self.direction(ports: [])),
            ("nothing", { _ in }),
        ]
        for (name, fault) in faults {
            #expect(!isFlow(Self.payload(original: fault, reply: whole)), "\(name)")
            #expect(!isFlow(Self.payload(original: whole, reply: fault)), "\(name)")
        }
        let tcp = Self.direction(transport: 6)
        #expect(!isFlow(Self.payload(original: whole, reply: tcp)))
        #expect(isFlow(Self.payload(original: tcp, reply: tcp)))
        #expect(!isFlow(Self.payload(original: whole, reply: whole) { _ in }))
        #expect(
            !isFlow(Self.payload(original: whole, reply: whole) { $0.attribute(12, UInt16(1)) })
        )
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func outlivesAnyAnswer(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var bytes = generator.pick(Self.recordings).bytes
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                let value: UInt8 = generator.pick([0, 1, 4, 8, 0x7f, 0x80, 0xff, 0x34])
                bytes[Int.random(in: bytes.indices, using: &generator)] = value
            }
            let count = Int.random(in: 0...bytes.count, using: &generator)
            guard let flow = FlowDecoding.flow(Array(bytes[..<count]).span) else { continue }
            // What came out of it can be written, and its families agree.
            let families = [
                flow.source, flow.destination, flow.replySource, flow.replyDestination,
            ].map(\.address.family)
            #expect(Set(families).count == 1)
        }
        for _ in 0..<200 {
            let garbage = (0..<Int.random(in: 0...96, using: &generator)).map { _ in
                generator.chance(50)
                    ? generator.pick([0, 0, 1, 4, 8, 12])
                    : UInt8.random(
                        in: 0...UInt8.max,
                        using: &generator
                    )
            }
            // Too little for two directions with addresses and ports.
            #expect(FlowDecoding.flow(garbage.span) == nil)
        }
    }

    /// The kernel ends all flows when a request names none.
    @Test(arguments: recordings.compactMap(\.flow))
    func aRequestToEndAFlowNamesItAsTheKernelDid(_ flow: TrackedFlow) throws {
        var writer = AttributeWriter()
        writer.netfilterHeader(flow.source.address.family)
        writer.identity(of: flow)
        // A request has no reply direction; with one it can be read back.
        writer.nest(Tuple.reply) { writer in
            let addresses: UInt16 = flow.source.address.family == .ipv4 ? 1 : 3
            writer.nest(1) { writer in
                writer.attribute(addresses, flow.replySource.address)
                writer.attribute(addresses + 1, flow.replyDestination.address)
            }
            writer.nest(2) { writer in
                writer.attribute(1, flow.transport.rawValue)
                writer.attribute(2, networkOrder: flow.replySource.port)
                writer.attribute(3, networkOrder: flow.replyDestination.port)
            }
        }
        #expect(FlowDecoding.flow(writer.bytes.span) == flow)
        let sent = try #require(Self.recordings.first { $0.flow == flow }).bytes
        let length = Int(sent[4])
        // The kernel's own direction may hold its zone as well.
        if length == (flow.source.address.family == .ipv4 ? 52 : 76) {
            #expect(Array(writer.bytes[..<(4 + length)]) == Array(sent[..<(4 + length)]))
        }
    }
}
