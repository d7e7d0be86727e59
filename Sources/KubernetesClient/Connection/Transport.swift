import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Connections that are made with the same certificates.
///
/// It is replaced when those change. What is being read over it goes on, as each body holds it, and
/// its connections are closed with the last of them.
final class Transport: Sendable {
    let access: ClusterAccess
    let limits: APILimits
    let material: TLSMaterial
    /// When the client's own certificate ends.
    let clientCertificateEnd: Date?
    private let client: HTTPClient
    private let isShutDown = Mutex(false)

    init(
        _ access: ClusterAccess,
        limits: APILimits,
        material: TLSMaterial
    ) throws(ClusterAccessError) {
        self.access = access
        self.limits = limits
        self.material = material
        clientCertificateEnd = material.clientCertificateEnd
        client = HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            configuration: try Self.configuration(access, limits, material)
        )
    }

    deinit {
        guard !isShutDown.withLock(\.self) else { return }
        Task { [client] in try? await client.shutdown() }
    }

    /// Closes all connections; requests that go on fail.
    func shutdown() async {
        let isFirst = isShutDown.withLock { value in
            defer { value = true }
            return !value
        }
        guard isFirst else { return }
        try? await client.shutdown()
    }

    var server: String { access.server }

    /// HTTP/1.1 alone, although API servers have HTTP/2: each watch has a connection of its own then.
    ///
    /// Over one shared connection, a reader that pauses would use up the window of the others, a
    /// dead connection would take all watches with it, and the silence of one stream could not be
    /// told from that of the connection.
    private static func configuration(
        _ access: ClusterAccess,
        _ limits: APILimits,
        _ material: TLSMaterial
    ) throws(ClusterAccessError) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try material.configuration(for: access),
            redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(
                connect: TimeAmount(limits.connectTime),
                read: TimeAmount(limits.idleTime)
            ),
            proxy: proxy(access.proxy),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        // The caller decides when to try again, and wants to know why.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Watches hold their connections, and nothing else is to wait for them.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        if let name = access.trust.serverName, access.usesTLS {
            configuration.dnsOverride = [name: access.address.host]
        }
        let name = access.verifiedName
        configuration.http1_1ConnectionDebugInitializer = { channel in
            prepare(channel, verifying: name)
        }
        return configuration
    }

    /// A certificate that the library trusts, although it is not for the name that is expected.
    struct OtherName: Error {
        let certificate: ServerCertificate?
    }

    /// Runs on the event loop of a connection before anything is sent on it, and is done when it
    /// returns: the library does not expect the connection to close in between.
    ///
    /// The library is content with a certificate that has the address of the connection in place of
    /// the name, so anybody with a certificate of the same authority who can lead a name astray
    /// could take the place of the server.
    private static func prepare(
        _ channel: any Channel,
        verifying name: String?
    ) -> EventLoopFuture<Void> {
        if let name {
            let handler = try? channel.pipeline.syncOperations.handler(
                type: NIOSSLClientHandler.self
            )
            let certificate = (handler?.peerCertificate).map { ServerCertificate($0) }
            guard certificate?.isFor(name) ?? false else {
                channel.eventLoop.execute { channel.close(promise: nil) }
                return channel.eventLoop.makeFailedFuture(OtherName(certificate: certificate))
            }
        }
        return channel.setOption(.socketOption(.so_keepalive), value: 1)
    }

    private static func proxy(_ address: WebAddress?) -> HTTPClient.Configuration.Proxy? {
        guard let address else { return nil }
        guard address.scheme == "http" else {
            return .socksServer(host: address.host, port: address.port ?? 1080)
        }
        return .server(
            host: address.host,
            port: address.port ?? 80,
            authorization: address.login.map {
                .basic(username: $0.name, password: $0.password.value)
            }
        )
    }

    /// Sends a request, and answers when the head of the answer has come.
    func execute(
        _ request: APIRequest,
        authorization: String?
    ) async throws(APIError) -> APIResponse {
        do {
            let response = try await client.execute(
                try httpRequest(request, authorization: authorization),
                timeout: TimeAmount(limits.headTime)
            )
            return APIResponse(
                status: Int(response.status.code),
                retryAfter: response.headers.first(name: "retry-after")
                    .flatMap { UInt32($0) }.map { .seconds($0) },
                body: APIBody(body: response.body, transport: self)
            )
        } catch {
            throw await self.error(inHead: error)
        }
    }

    private func httpRequest(
        _ request: APIRequest,
        authorization: String?
    ) throws -> HTTPClientRequest {
        var made = HTTPClientRequest(url: url(request))
        made.method = HTTPMethod(rawValue: request.method)
        let port = access.address.port.map { ":\($0)" } ?? ""
        // A name that is only for TLS must not stand here.
        made.headers.add(name: "Host", value: "\(access.address.bracketedHost)\(port)")
        made.headers.add(name: "User-Agent", value: "fairlead/0.1.0")
        made.headers.add(name: "Accept", value: "application/json")
        if let authorization { made.headers.add(name: "Authorization", value: authorization) }
        made.headers.add(contentsOf: HTTPHeaders(access.identity.impersonation.headers))
        if let body = request.body {
            made.headers.add(name: "Content-Type", value: "application/json")
            made.body = .bytes(ByteBuffer(bytes: body))
        }
        return made
    }

    private func url(_ request: APIRequest) -> String {
        let address = access.address
        let host = address.scheme == "https" ? access.trust.serverName : nil
        var url = "\(address.scheme)://\(host ?? address.bracketedHost)"
        if let port = address.port { url += ":\(port)" }
        url += address.path + request.path
        for (index, parameter) in request.query.enumerated() {
            url += index == 0 ? "?" : "&"
            url += "\(parameter.name.percentEncoded)=\(parameter.value.percentEncoded)"
        }
        return url
    }
}

extension ClientIdentity.Impersonation {
    fileprivate var headers: [(String, String)] {
        var headers: [(String, String)] = []
        if let user { headers.append(("Impersonate-User", user)) }
        if let uid { headers.append(("Impersonate-Uid", uid)) }
        headers += groups.map { ("Impersonate-Group", $0) }
        for item in extra {
            let name = "Impersonate-Extra-\(item.key.lowercased().percentEncoded)"
            headers += item.values.map { (name, $0) }
        }
        return headers
    }
}

extension String {
    /// With everything percent-encoded that has a meaning in a URL.
    fileprivate var percentEncoded: String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }
}
