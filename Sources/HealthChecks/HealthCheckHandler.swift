import ListeningSockets
import NIOCore
import NIOHTTP1

/// Answers the requests of one connection: any method, any path.
final class HealthCheckHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let port: UInt16
    private let board: HealthBoard
    private let limits: HealthCheckLimits
    private var request: HTTPRequestHead?
    private var deadline: Scheduled<Void>?

    init(port: UInt16, board: HealthBoard, limits: HealthCheckLimits) {
        self.port = port
        self.board = board
        self.limits = limits
    }

    func channelActive(context: ChannelHandlerContext) {
        close(context.channel, in: limits.requestTime)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = head
            close(context.channel, in: limits.requestTime)
        case .body:
            break
        case .end:
            guard let request else { return }
            self.request = nil
            answer(request, context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ request: HTTPRequestHead, context: ChannelHandlerContext) {
        // Whoever withdrew the answer is about to close the connection.
        guard let answer = board[port] else { return context.close(promise: nil) }
        var headers = answer.headers
        let isLast = !request.isKeepAlive
        if isLast {
            headers.add(name: "Connection", value: "close")
        } else if request.version == .http1_0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: answer.status,
            headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            let body = ByteBuffer(string: answer.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        let channel = context.channel
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if isLast {
            written.whenComplete { _ in channel.close(promise: nil) }
        } else if channel.isWritable {
            close(channel, in: limits.idleTime)
        } else {
            // Asks and asks, and reads no answers.
            channel.close(promise: nil)
        }
    }

    private func close(_ channel: any Channel, in time: Duration) {
        deadline?.cancel()
        deadline = channel.eventLoop.scheduleTask(in: TimeAmount(time)) {
            channel.close(promise: nil)
        }
    }
}
