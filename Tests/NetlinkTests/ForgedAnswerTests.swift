import Glibc
import Testing

@testable import Netlink

/// Sockets of the generic protocol take messages from every user of the machine.
@Suite struct ForgedAnswerTests {
    /// `GENL_ID_CTRL` and `CTRL_CMD_GETFAMILY`: which families there are, which every kernel says.
    private static let families = (type: UInt16(16), command: UInt8(3))

    @Test func whatAnotherProcessSendsIsNoAnswer() throws {
        var socket = try NetlinkSocket(.generic)
        for sequence in UInt32(1)...3 {
            try send(refusal(sequence: sequence), to: socket.portIdentifier)
        }
        var count = 0
        try socket.request(type: Self.families.type, flags: .dump) { writer in
            writer.raw(Self.families.command)
            writer.raw(UInt8(1))
            writer.raw(UInt16(0))
        } reply: { _, _ in
            count += 1
        }
        #expect(count > 0)
    }

    /// `NLMSG_ERROR` with EPERM, as the kernel answers the request of that number.
    private func refusal(sequence: UInt32) -> [UInt8] {
        written {
            $0.raw(UInt32(36))
            $0.raw(UInt16(2))
            $0.raw(UInt16(0))
            $0.raw(sequence)
            $0.raw(UInt32(0))
            $0.raw(UInt32(bitPattern: -EPERM))
            $0.zeros(16)
        }
    }

    private func send(_ bytes: [UInt8], to port: UInt32) throws {
        let descriptor = socket(
            AF_NETLINK,
            Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue),
            NetlinkProtocol.generic.rawValue
        )
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        // struct sockaddr_nl, which the C library's module does not have.
        let receiver = written {
            $0.raw(UInt16(AF_NETLINK))
            $0.raw(UInt16(0))
            $0.raw(port)
            $0.raw(UInt32(0))
        }
        let sent = unsafe receiver.withUnsafeBytes { receiver in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe sendto(
                    descriptor,
                    bytes.baseAddress,
                    bytes.count,
                    0,
                    receiver.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                    socklen_t(receiver.count)
                )
            }
        }
        try #require(sent == bytes.count)
    }
}
