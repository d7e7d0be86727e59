package import Addressing
import Glibc
package import PacketMatrix

/// One request to a server that reports, and what came of it.
///
/// It never throws: whatever goes wrong is the outcome.
package struct Attempt: ~Copyable {
    private let endpoint: SocketEndpoint
    private let transport: TransportProtocol
    private let descriptor: Int32
    private let errors: PortUnreachableListener
    private let deadline: ContinuousClock.Instant

    /// Sends a request from the namespace of the calling thread and waits for the answer.
    ///
    /// - Parameters:
    ///   - source: the client's address; nil leaves it to the kernel.
    ///   - timeout: how long silence may last.
    package static func request(
        to endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        from source: IPAddress? = nil,
        timeout: Duration
    ) -> Observation {
        do {
            return try Attempt(endpoint, transport, until: .now.advanced(by: timeout))
                .perform(from: source)
        } catch {
            return .other("\(error)")
        }
    }

    private init(
        _ endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        until deadline: ContinuousClock.Instant
    ) throws {
        let errors = try PortUnreachableListener(endpoint.address.family)
        descriptor = try makeSocket(transport, endpoint.address.family)
        self.errors = errors
        self.endpoint = endpoint
        self.transport = transport
        self.deadline = deadline
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    private func perform(from source: IPAddress?) throws -> Observation {
        if let source { try bindSocket(descriptor, to: source) }
        if unsafe withSocketAddress(endpoint, { unsafe connect(descriptor, $0, $1) }) != 0 {
            guard errno == EINPROGRESS else { return Self.outcome(of: errno, "connect") }
            if let failure = wait(for: POLLOUT, "connect") { return failure }
        }
        let text = transport == .tcp ? "GET / HTTP/1.1\r\nHost: service\r\n\r\n" : "who are you?"
        let bytes = Array(text.utf8)
        if unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0 {
            // A datagram that is dropped or rejected before it leaves; for the second an error is
            // waiting too.
            guard errno == EPERM else { return Self.outcome(of: errno, "send") }
        }
        if let failure = waitForAnswer(to: bytes) { return failure }
        var buffer = [UInt8](repeating: 0, count: 2048)
        let size = buffer.count
        let count = unsafe recv(descriptor, &buffer, size, 0)
        guard count > 0 else {
            return Self.outcome(of: count == 0 ? ECONNRESET : errno, "receive")
        }
        return Self.parse(String(decoding: buffer[..<count], as: UTF8.self))
    }

    /// Waits for the answer to a request; one in a datagram is sent again each second, as nobody else
    /// would do it.
    private func waitForAnswer(to request: [UInt8]) -> Observation? {
        while transport == .udp {
            let again = ContinuousClock.now.advanced(by: .seconds(1))
            guard again < deadline else { break }
            let outcome = wait(for: POLLIN, "receive", until: again)
            guard outcome == .timedOut else { return outcome }
            _ = unsafe send(descriptor, request, request.count, Int32(MSG_NOSIGNAL))
        }
        return wait(for: POLLIN, "receive")
    }

    private func wait(for events: Int32, _ action: String) -> Observation? {
        wait(for: events, action, until: deadline)
    }

    /// Waits until the socket is ready; answers what kept it from it.
    private func wait(
        for events: Int32,
        _ action: String,
        until deadline: ContinuousClock.Instant
    ) -> Observation? {
        let here = unsafe receivingSocketAddress {
            _ = unsafe getsockname(descriptor, $0, $1)
        }
        while true {
            var entries = [
                pollfd(fd: descriptor, events: Int16(events), revents: 0),
                pollfd(fd: errors.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let ready = unsafe poll(&entries, 2, Self.milliseconds(until: deadline))
            guard ready > 0 else {
                return ready == 0 ? .timedOut : Self.outcome(of: errno, action)
            }
            if entries[0].revents != 0 {
                var failure: Int32 = 0
                var length = socklen_t(MemoryLayout<Int32>.size)
                unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &length)
                return failure == 0 ? nil : Self.outcome(of: failure, action)
            }
            if errors.hasHeard(of: endpoint, transport, from: here?.port ?? 0) { return .refused }
        }
    }

    /// Rounded up, so that a poll never comes back early and turns in circles.
    static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let left = ContinuousClock.now.duration(to: deadline)
        return left <= .zero ? 0 : Int32(left / .milliseconds(1)) + 1
    }

    private static func parse(_ answer: String) -> Observation {
        // The last line of an HTTP answer, or all of another.
        let body = answer.split(separator: "\r\n").last ?? ""
        let parts = body.split(separator: "|")
        guard parts.count == 3, let source = try? IPAddress(parts[1]) else {
            return .other("an answer that is no report: \(answer)")
        }
        return .answered(by: String(parts[0]), source: source)
    }

    static func outcome(of code: Int32, _ action: String) -> Observation {
        switch code {
        case ECONNREFUSED: .refused
        case EAGAIN, EINPROGRESS, ETIMEDOUT, EPERM: .timedOut
        default: .other("\(LabError(action, code))")
        }
    }
}

/// Gives a socket its own address; the port is the kernel's choice.
func bindSocket(_ descriptor: Int32, to address: IPAddress) throws {
    let here = SocketEndpoint(address, 0)
    guard unsafe withSocketAddress(here, { unsafe bind(descriptor, $0, $1) }) == 0 else {
        throw LabError("bind \(address)", errno)
    }
}
