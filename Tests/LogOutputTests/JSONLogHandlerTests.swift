import FoundationEssentials
import Logging
import Testing

@testable import LogOutput

struct JSONLogHandlerTests {
    /// What a logger with such a handler writes.
    private func written(
        metadata: Logger.Metadata = [:],
        provided: Logger.Metadata = [:],
        _ log: (inout Logger) -> Void
    ) throws -> String {
        let pipe = try LogPipe()
        var handler = JSONLogHandler(label: "fairlead", destination: pipe.destination) {
            Timestamp(milliseconds: 1_772_323_199_042)
        }
        handler.metadata = metadata
        handler.metadataProvider = Logger.MetadataProvider { provided }
        handler.logLevel = .debug
        var logger = Logger(label: "fairlead") { [handler] _ in handler }
        log(&logger)
        return try pipe.close()
    }

    @Test func aMessageIsOneObjectOnALineOfItsOwn() throws {
        let text = try written { logger in
            logger.warning("something is wrong", metadata: ["object": "Service default/web"])
            logger.debug("a detail", source: "Daemon")
            logger.trace("too small to be written")
        }
        #expect(
            text == """
                {"time":"2026-02-28T23:59:59.042Z","level":"warning","logger":"fairlead",\
                "source":"LogOutputTests","message":"something is wrong",\
                "object":"Service default/web"}
                {"time":"2026-02-28T23:59:59.042Z","level":"debug","logger":"fairlead",\
                "source":"Daemon","message":"a detail"}

                """
        )
    }

    @Test(arguments: [
        ("plain", #""plain""#),
        ("", #""""#),
        (#"a "quote" and a \"#, #""a \"quote\" and a \\""#),
        ("two\nlines\r\n\tand a tab", #""two\nlines\r\n\tand a tab""#),
        ("\u{00}\u{08}\u{1B}[31m\u{1F} ", #""\u0000\u0008\u001b[31m\u001f ""#),
        ("\u{7F}\u{80}\u{9B}\u{9F}\u{A0}", "\"\\u007f\\u0080\\u009b\\u009f\u{A0}\""),
        ("Größe, 大きさ, 🧭, 👩‍👩‍👧, e\u{301}", "\"Größe, 大きさ, 🧭, 👩‍👩‍👧, e\u{301}\""),
        ("\u{2028}\u{2029}\u{FEFF}\u{10FFFF}", "\"\u{2028}\u{2029}\u{FEFF}\u{10FFFF}\""),
        ("</script>/", #""</script>/""#),
    ])
    func textIsEscapedWhereItMustBe(_ text: String, _ json: String) throws {
        let line = try written { $0.info("\(text)") }
        #expect(
            line.unicodeScalars.elementsEqual(
                """
                {"time":"2026-02-28T23:59:59.042Z","level":"info","logger":"fairlead",\
                "source":"LogOutputTests","message":\(json)}

                """.unicodeScalars
            )
        )
    }

    private struct Message: Decodable {
        let message: String
        let nested: [String: String]
    }

    /// Read by another implementation than the one that wrote it.
    @Test func everyScalarSurvives() throws {
        let everything = String(
            String.UnicodeScalarView(
                (0...0x10FFFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init)
            )
        )
        // In pieces that a pipe can hold.
        for start in stride(from: 0, to: everything.unicodeScalars.count, by: 4000) {
            let scalars = everything.unicodeScalars.dropFirst(start).prefix(4000)
            let piece = String(String.UnicodeScalarView(scalars))
            let line = try written {
                $0.info("\(piece)", metadata: ["nested": ["a\(piece)": "\(piece)"]])
            }
            let read = try JSONDecoder().decode(Message.self, from: Data(line.utf8))
            #expect(read.message.unicodeScalars.elementsEqual(scalars))
            #expect(read.nested.values.first?.unicodeScalars.elementsEqual(scalars) == true)
            #expect(line.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
        }
    }

    @Test func metadataOfAllKindsIsJSON() throws {
        let text = try written { logger in
            logger.info(
                "m",
                metadata: [
                    "array": ["a", ["b": ["c"]], .stringConvertible(3)],
                    "dictionary": ["z": "1", "a": ["inner": "\"2\""]],
                    "empty": [:],
                    "no": .array([]),
                    "number": .stringConvertible(-42),
                    "big": .stringConvertible(UInt64.max),
                    "fraction": .stringConvertible(0.25),
                    "infinite": .stringConvertible(Double.infinity),
                    "flag": .stringConvertible(true),
                    "duration": .stringConvertible(Duration.seconds(2)),
                ]
            )
        }
        #expect(
            text.hasSuffix(
                """
                "message":"m","array":["a",{"b":["c"]},3],"big":18446744073709551615,\
                "dictionary":{"a":{"inner":"\\"2\\""},"z":"1"},"duration":"2.0 seconds",\
                "empty":{},"flag":true,"fraction":0.25,"infinite":"inf","no":[],"number":-42}

                """
            )
        )
    }

    @Test func theNearestMetadataWins() throws {
        let text = try written(
            metadata: ["a": "handler", "b": "handler", "c": "handler"],
            provided: ["b": "provider", "c": "provider"]
        ) { logger in
            logger[metadataKey: "d"] = "logger"
            logger.info("m", metadata: ["c": "message"])
        }
        #expect(
            text.hasSuffix(#""a":"handler","b":"provider","c":"message","d":"logger"}"# + "\n")
        )
    }

    @Test func metadataNeverHidesTheMessage() throws {
        let text = try written { logger in
            logger.info("m", metadata: ["message": "1", "message_": "2", "time": "noon"])
        }
        #expect(
            text.hasSuffix(#""message":"m","message__":"1","message_":"2","time_":"noon"}"# + "\n")
        )
    }

    private struct Refusal: Error, CustomStringConvertible {
        let description = "it was refused"
    }

    @Test func anErrorIsInItsOwnWords() throws {
        let text = try written { $0.error("m", error: Refusal()) }
        #expect(text.hasSuffix(#""message":"m","error":"it was refused"}"# + "\n"))
    }

    @Test func linesOfManyThreadsAreNotMixed() async throws {
        let pipe = try LogPipe()
        let destination = pipe.destination
        // Together they fit into a pipe; each is longer than what the kernel promises to write at one
        // go (PIPE_BUF).
        let letters = ["a", "b", "c", "d", "e", "f", "g", "h"]
        await withTaskGroup(of: Void.self) { group in
            for letter in letters {
                group.addTask {
                    let logger = Logger(label: letter) { label in
                        JSONLogHandler(label: label, destination: destination)
                    }
                    logger.info("\(String(repeating: letter, count: 6000))")
                }
            }
        }
        let lines = try pipe.close().split(separator: "\n")
        #expect(lines.count == letters.count)
        for letter in letters {
            let message = "\"message\":\"\(String(repeating: letter, count: 6000))\""
            #expect(lines.count { $0.contains(message) } == 1)
        }
    }
}
