/// What a message asks of the kernel (`NLM_F_*`).
package struct MessageFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The corresponding C constant is `NLM_F_ACK`.
    ///
    /// A batch sets it by itself on its last message.
    package static let acknowledge = MessageFlags(rawValue: 0x4)
    /// All objects instead of one.
    ///
    /// The corresponding C constant is `NLM_F_DUMP`.
    package static let dump = MessageFlags(rawValue: 0x300)
    /// Put the object in place of one that is there (`NLM_F_REPLACE`).
    package static let replace = MessageFlags(rawValue: 0x100)
    /// Refuse when the object is there (`NLM_F_EXCL`).
    package static let exclusive = MessageFlags(rawValue: 0x200)
    /// Make the object when it is not there (`NLM_F_CREATE`).
    package static let create = MessageFlags(rawValue: 0x400)

    static let request: UInt16 = 0x1
}

/// Netlink messages, one behind the other, ready to be sent in few system calls.
package struct MessageBatch: ~Copyable {
    private(set) var bytes: [UInt8] = []
    /// Where each message starts.
    private(set) var starts: [Int] = []

    package init() {}

    package var count: Int { starts.count }

    /// Makes room for messages of an average size.
    package mutating func reserveCapacity(_ count: Int, averageSize: Int = 128) {
        starts.reserveCapacity(count)
        bytes.reserveCapacity(count * averageSize)
    }

    /// Adds a message of a type, with what `body` writes behind its header.
    package mutating func append(
        type: UInt16,
        flags: MessageFlags = [],
        _ body: (inout AttributeWriter) -> Void
    ) {
        let start = bytes.count
        starts.append(start)
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        var writer = AttributeWriter(reusing: taken)
        taken = []
        writer.raw(UInt32(0))
        writer.raw(type)
        writer.raw(flags.rawValue | MessageFlags.request)
        writer.raw(UInt32(0))
        writer.raw(UInt32(0))
        body(&writer)
        writer.patch(UInt32(writer.bytes.count - start), at: start)
        // The next message starts at a multiple of four, whatever the length of this one.
        writer.pad()
        bytes = writer.take()
    }

    /// Numbers the messages of a range from `first` on, and asks for an answer to the last of them.
    mutating func seal(_ range: Range<Int>, firstSequence first: UInt32) {
        var writer = AttributeWriter(reusing: bytes)
        bytes = []
        for (offset, index) in range.enumerated() {
            writer.patch(first &+ UInt32(offset), at: starts[index] + 8)
        }
        if let last = range.last {
            let start = starts[last]
            let flags = writer.bytes.span.extracting(start + 6..<start + 8).number(as: UInt16.self)
            writer.patch(flags | MessageFlags.acknowledge.rawValue, at: start + 6)
        }
        bytes = writer.take()
    }

    /// The bytes of a range of messages.
    func byteRange(of range: Range<Int>) -> Range<Int> {
        guard let first = range.first else { return 0..<0 }
        let end = range.upperBound < starts.count ? starts[range.upperBound] : bytes.count
        return starts[first]..<end
    }

    /// The longest run of messages from `start` on that fits one send.
    func sendable(from start: Int, messages: Int, bytes limit: Int) -> Range<Int> {
        var end = start
        let base = starts[start]
        while end < starts.count, end - start < messages {
            let next = end + 1 < starts.count ? starts[end + 1] : bytes.count
            if next - base > limit, end > start { break }
            end += 1
        }
        return start..<end
    }
}
