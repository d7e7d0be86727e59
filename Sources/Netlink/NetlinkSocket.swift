import CNetlink
import Glibc

/// The part of the kernel that a netlink socket talks to.
package struct NetlinkProtocol: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// Links, addresses and routes.
    ///
    /// The corresponding C constant is `NETLINK_ROUTE`.
    package static let route = NetlinkProtocol(rawValue: 0)
    /// Packet filtering: connections, sets.
    ///
    /// The corresponding C constant is `NETLINK_NETFILTER`.
    package static let netfilter = NetlinkProtocol(rawValue: 12)
    /// Families that have a name.
    ///
    /// The corresponding C constant is `NETLINK_GENERIC`.
    package static let generic = NetlinkProtocol(rawValue: 16)
}

/// A netlink socket, owned: closed when it goes out of scope.
///
/// It blocks.
///
/// libnl opens and binds it and resolves family names. Batches and replies are read and written
/// here, because libnl replaces the kernel's `errno` by codes of its own and asks for an answer to
/// every message.
@safe
package struct NetlinkSocket: ~Copyable {
    private let handle: OpaquePointer
    private let descriptor: Int32
    private var buffer: [UInt8]
    private var nextSequence: UInt32 = 1
    /// System calls made so far, for benchmarks and their tests.
    package private(set) var systemCalls = 0

    /// The most messages that go into one system call.
    ///
    /// More would make answers overflow the receive buffer when every message fails. Who encodes
    /// this many at a time works in one small piece of memory.
    package static let messagesPerSend = 400
    /// Below the send buffer with the kernel's own overhead counted in.
    private static let bytesPerSend = 96 * 1024
    private static let bufferSize: Int32 = 1 << 20
    /// A reply that takes longer is not coming: every request here is answered at once.
    private static let replyTimeout = 30

    /// Opens a socket.
    ///
    /// - Throws: `NetlinkError` when the kernel has no such protocol, or no descriptor is left.
    package init(_ netlinkProtocol: NetlinkProtocol) throws(NetlinkError) {
        guard let handle = unsafe nl_socket_alloc() else {
            throw NetlinkError(action: "open a netlink socket", code: ENOMEM)
        }
        let result = unsafe nl_connect(handle, netlinkProtocol.rawValue)
        guard result == 0 else {
            let message = unsafe String(cString: nl_geterror(result))
            let code = errno
            unsafe nl_socket_free(handle)
            throw NetlinkError(
                action: "open a netlink socket",
                code: code == 0 ? EIO : code,
                message: message
            )
        }
        unsafe self.handle = unsafe handle
        descriptor = unsafe nl_socket_get_fd(handle)
        buffer = [UInt8](repeating: 0, count: 1 << 16)
        configure()
    }

    deinit { unsafe nl_socket_free(handle) }

    private func configure() {
        func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
            var value = value
            return unsafe setsockopt(
                descriptor,
                level,
                option,
                &value,
                socklen_t(MemoryLayout<Int32>.size)
            ) == 0
        }
        // The forced variants pass the system's limit, and need CAP_NET_ADMIN.
        if !set(SOL_SOCKET, SO_SNDBUFFORCE, Self.bufferSize) {
            _ = set(SOL_SOCKET, SO_SNDBUF, Self.bufferSize)
        }
        if !set(SOL_SOCKET, SO_RCVBUFFORCE, Self.bufferSize) {
            _ = set(SOL_SOCKET, SO_RCVBUF, Self.bufferSize)
        }
        // The kernel's words with each error, and errors without the message they are about.
        _ = set(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        _ = set(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        var limit = timeval(tv_sec: Self.replyTimeout, tv_usec: 0)
        _ = unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
    }

    /// The number of a generic netlink family; nil when the kernel has none of that name.
    ///
    /// - Throws: `NetlinkError` when it could not be asked.
    package mutating func resolveFamily(_ name: String) throws(NetlinkError) -> UInt16? {
        systemCalls += 3
        let result = unsafe genl_ctrl_resolve(handle, name)
        if result >= 0 { return UInt16(truncatingIfNeeded: result) }
        if result == -Int32(NLE_OBJ_NOTFOUND) { return nil }
        throw NetlinkError(
            action: "look up the netlink family \(name)",
            code: EIO,
            message: unsafe String(cString: nl_geterror(result))
        )
    }

    /// Sends all messages, in as few system calls as the kernel takes, and answers which of them
    /// were refused, by ascending index.
    ///
    /// Every other message has been carried out.
    ///
    /// Where the answers themselves are lost (ENOBUFS) or the socket fails, all messages of that
    /// send are reported with that error, although the kernel may have carried them out.
    package mutating func transact(_ batch: inout MessageBatch) -> [MessageFailure] {
        var failures: [MessageFailure] = []
        var start = 0
        while start < batch.count {
            let range = batch.sendable(
                from: start,
                messages: Self.messagesPerSend,
                bytes: Self.bytesPerSend
            )
            do throws(NetlinkError) {
                failures += try transact(range, of: &batch)
            } catch {
                failures += range.map { MessageFailure(index: $0, error: error) }
            }
            start = range.upperBound
        }
        return failures
    }

    private mutating func transact(
        _ range: Range<Int>,
        of batch: inout MessageBatch
    ) throws(NetlinkError) -> [MessageFailure] {
        let first = nextSequence
        nextSequence &+= UInt32(range.count)
        batch.seal(range, firstSequence: first)
        try send(batch.bytes, batch.byteRange(of: range))
        var failures: [MessageFailure] = []
        var isComplete = false
        while !isComplete {
            try receive { header, payload in
                let offset = Int(header.sequence &- first)
                // Else it answers an earlier send whose reader had given up.
                guard offset < range.count, let ending = header.ending(payload) else { return }
                if ending.code != 0 {
                    failures.append(
                        MessageFailure(
                            index: range.lowerBound + offset,
                            error: NetlinkError(
                                action: "netlink",
                                code: ending.code,
                                message: ending.text
                            )
                        )
                    )
                }
                if offset == range.count - 1 { isComplete = true }
            }
        }
        return failures.sorted { $0.index < $1.index }
    }

    /// Sends one message and calls `reply` with the payload of each message of the answer.
    ///
    /// - Throws: `NetlinkError` with the kernel's errno; `EINTR` when a dump changed while it was
    ///   being read, so that it must be read again. Some replies may have been handed over by then.
    package mutating func request(
        type: UInt16,
        flags: MessageFlags = [],
        _ body: (inout AttributeWriter) -> Void,
        reply: (_ type: UInt16, _ payload: Span<UInt8>) -> Void
    ) throws(NetlinkError) {
        var batch = MessageBatch()
        batch.append(type: type, flags: flags, body)
        let sequence = nextSequence
        nextSequence &+= 1
        batch.seal(0..<1, firstSequence: sequence)
        try send(batch.bytes, 0..<batch.bytes.count)
        var outcome: NetlinkError?
        var isComplete = false
        var wasInterrupted = false
        while !isComplete {
            try receive { header, payload in
                guard header.sequence == sequence else { return }
                if header.flags & UInt16(NLM_F_DUMP_INTR) != 0 { wasInterrupted = true }
                if let ending = header.ending(payload) {
                    isComplete = true
                    if ending.code != 0 {
                        outcome = NetlinkError(
                            action: "netlink",
                            code: ending.code,
                            message: ending.text
                        )
                    }
                } else {
                    reply(header.type, payload)
                }
            }
        }
        if let outcome { throw outcome }
        if wasInterrupted { throw NetlinkError(action: "read a dump", code: EINTR) }
    }

    private mutating func send(_ bytes: [UInt8], _ range: Range<Int>) throws(NetlinkError) {
        while true {
            systemCalls += 1
            let sent = unsafe bytes.withUnsafeBytes { pointer in
                unsafe Glibc.send(
                    descriptor,
                    pointer.baseAddress.map { unsafe $0 + range.lowerBound },
                    range.count,
                    0
                )
            }
            if sent == range.count { return }
            let code = sent < 0 ? errno : EMSGSIZE
            guard code == EINTR else { throw NetlinkError(action: "send", code: code) }
        }
    }

    /// Reads what one system call gives, and calls `body` with each message in it.
    private mutating func receive(
        _ body: (MessageHeader, Span<UInt8>) -> Void
    ) throws(NetlinkError) {
        var length = -1
        var sender = sockaddr_nl()
        repeat {
            systemCalls += 1
            length = receive(from: &sender)
        } while length < 0 && errno == EINTR
        if length < 0 {
            let code = errno == EAGAIN ? ETIMEDOUT : errno
            throw NetlinkError(action: "receive", code: code)
        }
        // Any user may send to a socket of the generic protocol (`NL_CFG_F_NONROOT_SEND`,
        // `net/netlink/genetlink.c`); only the kernel is number 0.
        guard sender.nl_pid == 0 else { return }
        guard length <= buffer.count else {
            buffer = [UInt8](repeating: 0, count: length)
            throw NetlinkError(action: "receive", code: ENOBUFS)
        }
        forEachMessage(in: buffer.span.extracting(0..<length), body)
    }

    private mutating func receive(from sender: inout sockaddr_nl) -> Int {
        var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
        return unsafe withUnsafeMutablePointer(to: &sender) { sender in
            unsafe sender.withMemoryRebound(to: sockaddr.self, capacity: 1) { sender in
                unsafe buffer.withUnsafeMutableBytes { pointer in
                    // With MSG_TRUNC the answer is the true length, also when the buffer is too
                    // small.
                    unsafe recvfrom(
                        descriptor,
                        pointer.baseAddress,
                        pointer.count,
                        Int32(MSG_TRUNC),
                        sender,
                        &size
                    )
                }
            }
        }
    }

    /// The number by which others could send to this socket.
    var portIdentifier: UInt32 { unsafe nl_socket_get_local_port(handle) }
}
