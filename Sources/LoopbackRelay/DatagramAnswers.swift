import NIOCore

/// The socket that stands for one UDP client: gives answers back, and closes when idle.
final class DatagramAnswers: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let client: SocketAddress
    private let entrance: any Channel

    init(to client: SocketAddress, through entrance: any Channel) {
        self.client = client
        self.entrance = entrance
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard entrance.isWritable else { return }
        entrance.writeAndFlush(
            AddressedEnvelope(remoteAddress: client, data: unwrapInboundIn(data).data),
            promise: nil
        )
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        context.close(promise: nil)
    }

    /// Nobody listens at the target, for now: the client may go on, as it could without a relay.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
