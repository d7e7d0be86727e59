package import Addressing
import Glibc

/// A connection from a client to a service address.
///
/// Closed when it goes out of scope.
package struct ClientConnection: ~Copyable {
    private let descriptor: Int32
    private let transport: TransportProtocol

    /// Connects from the namespace of the calling thread; from a given source address and port where
    /// they are given (a port of 0 leaves it to the kernel).
    ///
    /// - Throws: `LabError` with the kernel's words: refused, no route, timed out.
    package init(
        to endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        from source: SocketEndpoint? = nil,
        timeout: Duration = .seconds(5)
    ) throws {
        let descriptor = try makeSocket(transport, endpoint.address.family)
        var limit = timeval(
            tv_sec: Int(timeout.components.seconds),
            tv_usec: Int(timeout.components.attoseconds / 1_000_000_000_000)
        )
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            _ = unsafe setsockopt(
                descriptor,
                SOL_SOCKET,
                option,
                &limit,
                socklen_t(MemoryLayout<timeval>.size)
            )
        }
        setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        var failure: LabError?
        if let source, unsafe withSocketAddress(source, { unsafe bind(descriptor, $0, $1) }) != 0 {
            failure = LabError("bind \(source)", errno)
        } else if unsafe withSocketAddress(endpoint, { unsafe connect(descriptor, $0, $1) }) != 0 {
            failure = LabError("connect to \(transport) \(endpoint)", errno)
        }
        if let failure {
            close(descriptor)
            throw failure
        }
        self.descriptor = descriptor
        self.transport = transport
    }

    deinit { close(descriptor) }

    /// Has the connection end with a reset instead of a farewell, so that its port is free at once.
    package func abort() {
        guard transport == .tcp else { return }
        var now = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_LINGER,
            &now,
            socklen_t(MemoryLayout<linger>.size)
        )
    }

    /// Sends a request and answers the name of the pod that served it.
    package func request() throws -> String { try exchange().name }

    /// Sends a request; answers the name of the pod that served it, and whether it closes the
    /// connection now.
    func exchange() throws -> (name: String, isLast: Bool) {
        let text =
            transport == .tcp ? "GET / HTTP/1.1\r\nHost: service\r\n\r\n" : "who are you?"
        let bytes = Array(text.utf8)
        guard unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        else { throw LabError("send", errno) }
        var buffer = [UInt8](repeating: 0, count: 2048)
        let size = buffer.count
        let count = unsafe recv(descriptor, &buffer, size, 0)
        guard count > 0 else { throw LabError("receive", count == 0 ? ECONNRESET : errno) }
        let answer = String(decoding: buffer[..<count], as: UTF8.self)
        guard transport == .tcp else { return (answer, false) }
        guard answer.hasPrefix("HTTP/1.1 200 OK\r\n"),
            let body = answer.split(separator: "\r\n").last
        else { throw LabError("an answer that is not HTTP: \(answer)") }
        return (String(body), answer.contains("\r\nConnection: close\r\n"))
    }
}

/// Requests from a namespace, and who answered them.
package enum Client {
    /// Opens a connection for each request and closes it after the answer.
    package static func requests(
        _ count: Int,
        from namespace: NetworkNamespace,
        to endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        source: IPAddress? = nil
    ) throws -> [String] {
        try namespace.perform {
            try (0..<count).map { _ in
                try ClientConnection(
                    to: endpoint,
                    transport,
                    from: source.map { SocketEndpoint($0, 0) }
                ).request()
            }
        }
    }

    /// How often each name was answered.
    package static func spread(_ names: [String]) -> [String: Int] {
        names.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
}
