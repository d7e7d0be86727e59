import NIOCore

/// One client of a UDP port, and the socket that stands for it before the target.
final class DatagramClient {
    let address: SocketAddress
    /// In the entrance's count of datagrams.
    var lastUse: UInt64 = 0
    private var channel: (any Channel)?
    private var isClosed = false
    /// What came while the socket was being made.
    private var held: [ByteBuffer] = []

    private static let maximumHeld = 16

    /// A refusal that comes back while a datagram is sent closes the socket, and the event loop
    /// tells so later.
    var isUsable: Bool { channel?.isActive ?? !isClosed }

    init(address: SocketAddress) { self.address = address }

    func start(on channel: any Channel) {
        guard !isClosed else { return channel.close(promise: nil) }
        self.channel = channel
        for bytes in held { send(bytes) }
        held = []
    }

    /// Drops the datagram when the socket cannot take it, as a network does.
    func send(_ bytes: ByteBuffer) {
        guard let channel else {
            if held.count < Self.maximumHeld { held.append(bytes) }
            return
        }
        if channel.isWritable { channel.writeAndFlush(bytes, promise: nil) }
    }

    func close() {
        isClosed = true
        channel?.close(promise: nil)
    }
}
