import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What the certificate of a server says.
struct ServerCertificate: Sendable {
    let start: Date
    let end: Date
    /// DNS names and IP addresses.
    let names: [String]

    /// Asks a server for its certificate, and closes the connection before anything is sent.
    ///
    /// nil where it shows none in time, and where a proxy is between.
    static func shown(to transport: Transport) async -> ServerCertificate? {
        let access = transport.access
        guard access.proxy == nil, access.usesTLS, !Task.isCancelled else { return nil }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: ServerCertificate?.self)
        // It is only for the words of a message, and nobody can cancel it.
        let time = TimeAmount(min(transport.limits.connectTime, .seconds(3)))
        let timer = loop.scheduleTask(in: time) { promise.succeed(nil) }
        let name = access.trust.serverName ?? access.address.host
        let isAddress = access.trust.serverName == nil && access.address.isIPAddress
        do {
            let context = try NIOSSLContext(configuration: .makeClientConfiguration())
            let channel = try await ClientBootstrap(group: loop)
                .connectTimeout(time)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try NIOSSLClientHandler(
                            context: context,
                            serverHostname: isAddress ? nil : name
                        ) {
                            (
                                chain: [NIOSSLCertificate],
                                verdict: EventLoopPromise<NIOSSLVerificationResult>
                            ) in
                            promise.succeed(chain.first.map { ServerCertificate($0) })
                            verdict.succeed(.failed)
                        }
                        try channel.pipeline.syncOperations.addHandlers(
                            handler,
                            Silence(promise: promise)
                        )
                    }
                }
                .connect(host: access.address.host, port: access.address.port ?? 443)
                .get()
            let certificate = try await promise.futureResult.get()
            timer.cancel()
            channel.close(promise: nil)
            return certificate
        } catch {
            timer.cancel()
            promise.succeed(nil)
            return nil
        }
    }

    func isValid(at date: Date) -> Bool { start <= date && date <= end }

    /// Whether one of the names is this DNS name, or one with `*` in place of its first label.
    func isFor(_ name: String) -> Bool {
        let name = name.lowercased().split(separator: ".")
        return names.contains { pattern in
            let pattern = pattern.lowercased().split(separator: ".")
            guard pattern.first == "*" else { return pattern == name }
            return pattern.count > 2 && pattern.count == name.count
                && pattern.dropFirst() == name.dropFirst()
        }
    }

    init(start: Date, end: Date, names: [String]) {
        self.start = start
        self.end = end
        self.names = names
    }

    init(_ certificate: NIOSSLCertificate) {
        start = Date(timeIntervalSince1970: Double(certificate.notValidBefore))
        end = Date(timeIntervalSince1970: Double(certificate.notValidAfter))
        names = certificate._subjectAlternativeNames().compactMap { name in
            let bytes = Array(name.contents)
            switch name.nameType {
            case .dnsName: return String(decoding: bytes, as: UTF8.self)
            case .ipAddress:
                return try? SocketAddress(
                    packedIPAddress: ByteBuffer(bytes: bytes),
                    port: 0
                ).ipAddress
            default: return nil
            }
        }
    }

    /// The verdict ends the handshake with an error that is expected here.
    private final class Silence: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let promise: EventLoopPromise<ServerCertificate?>

        init(promise: EventLoopPromise<ServerCertificate?>) {
            self.promise = promise
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            promise.succeed(nil)
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            promise.succeed(nil)
        }
    }
}
