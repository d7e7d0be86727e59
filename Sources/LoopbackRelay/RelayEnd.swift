import Glibc
import NIOCore

/// One of the two connections that a relayed one consists of.
///
/// What it reads its partner writes. It reads only while its partner can be written, so no more
/// than a write buffer waits in this process; only at the end of its input the event loop hands
/// over at once what the kernel has already received. Both ends live on one event loop.
final class RelayEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var partner: RelayEnd?
    private var whenActive: ((RelayEnd) -> Void)?
    /// What came before there was a partner.
    private var held: [ByteBuffer] = []
    /// The other side sends no more.
    private var isInputOver = false
    private var hasFailed = false
    private var output = Output.open
    /// Nobody is left to read for: once all is written, this is closed as a whole.
    private var isLeftAlone = false

    private enum Output {
        case open
        /// To be closed once all is written.
        case finishing
        case closed
    }

    init(whenActive: ((RelayEnd) -> Void)? = nil) { self.whenActive = whenActive }

    /// Lets two connections flow into each other from now on, whatever happened to them so far.
    static func join(_ left: RelayEnd, _ right: RelayEnd) {
        left.partner = right
        right.partner = left
        left.settle()
        right.settle()
    }

    /// Closes the connection with RST.
    func reset() {
        guard let context else { return }
        // Zero seconds to linger: the kernel sends RST rather than FIN.
        _ = (context.channel as? any SocketOptionProvider)?
            .setSoLinger(linger(l_onoff: 1, l_linger: 0))
        context.close(promise: nil)
    }

    // MARK: What happens to the connection

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        whenActive?(self)
        whenActive = nil
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let partner {
            partner.write(bytes)
        } else if !isLeftAlone {
            held.append(bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        partner?.context?.flush()
        read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { partner?.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        isInputOver = true
        partner?.finishOutput()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hasFailed = true
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        whenActive = nil
        leavePartner()
    }

    // MARK: What the partner asks for

    private func settle() {
        for bytes in held { partner?.write(bytes) }
        held = []
        partner?.context?.flush()
        if context == nil {
            leavePartner()
        } else if isInputOver {
            partner?.finishOutput()
        }
        read()
    }

    private func read() {
        guard let context, let partner, let writer = partner.context, writer.channel.isWritable
        else { return }
        context.read()
    }

    private func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    private func leavePartner() {
        guard let partner else { return }
        self.partner = nil
        partner.partner = nil
        // The event loop does not tell the end of the input apart when the output is closed already.
        if isInputOver || (output == .closed && !hasFailed) {
            // What this side sent to its end still arrives.
            partner.isLeftAlone = true
            partner.finishOutput()
        } else {
            partner.reset()
        }
    }

    /// Sends FIN behind what is still to be written.
    private func finishOutput() {
        guard let context else { return }
        switch output {
        case .finishing:
            return
        case .closed:
            if isLeftAlone { context.close(promise: nil) }
        case .open:
            output = .finishing
            // To close the output drops what is not yet written when the input is over, so it
            // waits for an empty write behind all others.
            context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenSuccess {
                self.output = .closed
                self.context?.close(mode: self.isLeftAlone ? .all : .output, promise: nil)
            }
        }
    }
}
