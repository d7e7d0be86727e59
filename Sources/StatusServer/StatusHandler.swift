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
    /// Came while another one was being answered; there is never more than one.
    private var waiting: HTTPRequestHead?
    /// From a question until the client has taken its answer.
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
        try pipeline.configureHTTPServerPipeline(
            withErrorHandling: true,
            withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: limits.ofHeads
        )
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
            // Whoever asks and asks, and reads no answers, has no more time for that.
            if !isAnswering { close(context.channel, in: limits.requestTime) }
        case .body:
            break
        case .end:
            guard let request else { return }
            self.request = nil
            if isAnswering { waiting = request } else { ask(request, context: context) }
        }
    }

    /// A client may close its side as soon as it has asked.
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
        let isLast = !request.isKeepAlive || (isInputClosed && waiting == nil)
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
            self.isAnswering = false
            if isLast {
                context.close(promise: nil)
            } else if let next = self.waiting {
                self.waiting = nil
                self.ask(next, context: context)
            } else if self.isInputClosed {
                context.close(promise: nil)
            } else if self.request == nil {
                self.close(context.channel, in: self.limits.idleTime)
            } else {
                self.close(context.channel, in: self.limits.requestTime)
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
