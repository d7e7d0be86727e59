package import NIOCore
package import NIOHTTP1

/// Answers the requests of one connection, one after the other.
package final class StatusHandler: ChannelInboundHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias OutboundOut = HTTPServerResponsePart

    private let limits: StatusServerLimits
    private let answer: @Sendable (StatusServer.Request) async -> StatusAnswer?
    private var request: HTTPRequestHead?
    private var deadline: Scheduled<Void>?
    private var isAnswering = false
    private var isInputClosed = false

    private init(
        limits: StatusServerLimits,
        answer: @escaping @Sendable (StatusServer.Request) async -> StatusAnswer?
    ) {
        self.limits = limits
        self.answer = answer
    }

    /// Makes a new connection one that speaks HTTP.
    ///
    /// A request that gets no answer closes it.
    package static func add(
        to channel: any Channel,
        limits: StatusServerLimits,
        answer: @escaping @Sendable (StatusServer.Request) async -> StatusAnswer?
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
        try pipeline.addHandler(StatusHandler(limits: limits, answer: answer))
    }

    package func channelActive(context: ChannelHandlerContext) {
        close(context.channel, in: limits.requestTime)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = head
            close(context.channel, in: limits.requestTime)
        case .body:
            break
        case .end:
            guard let request else { return }
            self.request = nil
            ask(request, context: context)
        }
    }

    /// The pipeline keeps the end of what a client sends back until the answer before is written.
    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else {
            return context.fireUserInboundEventTriggered(event)
        }
        if request == nil, !isAnswering {
            context.close(promise: nil)
        } else {
            isInputClosed = true
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func ask(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        close(context.channel, in: limits.answerTime)
        isAnswering = true
        let question = StatusServer.Request(method: head.method.rawValue, target: head.uri)
        let answered = context.eventLoop.makePromise(of: StatusAnswer?.self)
        answered.completeWithTask { [answer] in await answer(question) }
        answered.futureResult.assumeIsolated().whenSuccess { answer in
            guard context.channel.isActive else { return }
            guard let answer else { return context.close(promise: nil) }
            self.write(answer, to: head, context: context)
        }
    }

    private func write(
        _ answer: StatusAnswer,
        to request: HTTPRequestHead,
        context: ChannelHandlerContext
    ) {
        var headers = answer.headers
        isAnswering = false
        let isLast = !request.isKeepAlive || isInputClosed
        if isLast {
            headers.add(name: "Connection", value: "close")
        } else if request.version == .http1_0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: answer.status),
            headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        }
        // Whoever reads slowly has the rest of the time for it, and a little more.
        close(context.channel, in: limits.answerTime)
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        written.assumeIsolated().whenSuccess {
            if isLast {
                context.close(promise: nil)
            } else if self.request == nil {
                self.close(context.channel, in: self.limits.idleTime)
            }
        }
    }

    private func close(_ channel: any Channel, in time: Duration) {
        deadline?.cancel()
        deadline = channel.eventLoop.scheduleTask(in: TimeAmount(time)) {
            channel.close(promise: nil)
        }
    }
}
