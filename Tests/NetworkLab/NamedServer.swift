package import Addressing
import Glibc
import Synchronization

/// A server in a pod: it answers every request with the pod's name, over HTTP on TCP, and with the
/// name alone on UDP and SCTP, until it goes out of scope.
package final class NamedServer: Sendable {
    /// Whether it says farewell with each answer.
    private final class Farewell: Sendable {
        let isSaid = Atomic(false)
    }

    private let descriptors: [Int32]
    private let thread: LabThread
    private let farewell: Farewell

    /// Starts to serve in a namespace under its name, on one port of each protocol and family.
    package init(
        in namespace: NetworkNamespace,
        port: UInt16,
        protocols: [TransportProtocol] = [.tcp, .udp, .sctp]
    ) throws {
        var listeners: [(Int32, TransportProtocol)] = []
        for transport in protocols {
            for family in AddressFamily.allCases {
                let any =
                    family == .ipv4 ? IPAddress.ipv4(0) : IPAddress.ipv6(high: 0, low: 0)
                listeners.append(
                    (
                        try namespace.perform {
                            try listeningSocket(SocketEndpoint(any, port), transport)
                        }, transport
                    )
                )
            }
        }
        descriptors = listeners.map(\.0)
        let name = namespace.name
        let farewell = Farewell()
        self.farewell = farewell
        thread = try LabThread { Self.serve(listeners, name: name, farewell, until: $0) }
    }

    /// From now on it closes each connection over TCP after an answer that says so, as a server does
    /// that is about to end.
    package func retire() { farewell.isSaid.store(true, ordering: .relaxed) }

    deinit {
        thread.stop()
        for descriptor in descriptors { close(descriptor) }
    }

    private static func serve(
        _ listeners: [(Int32, TransportProtocol)],
        name: String,
        _ farewell: Farewell,
        until stop: LabThread.StopFlag
    ) {
        var waiting = listeners.map { pollfd(fd: $0.0, events: Int16(POLLIN), revents: 0) }
        var connections: [Int32: TransportProtocol] = [:]
        while !stop.isRaised {
            guard unsafe poll(&waiting, nfds_t(waiting.count), 100) > 0 else { continue }
            for entry in waiting where entry.revents != 0 {
                if let listener = listeners.first(where: { $0.0 == entry.fd }) {
                    if listener.1 == .udp {
                        answerDatagram(entry.fd, name)
                    } else {
                        let accepted = accept(entry.fd, nil, nil)
                        guard accepted >= 0 else { continue }
                        connections[accepted] = listener.1
                        waiting.append(pollfd(fd: accepted, events: Int16(POLLIN), revents: 0))
                    }
                } else if !answer(
                    entry.fd,
                    connections[entry.fd] ?? .tcp,
                    name,
                    isLast: farewell.isSaid.load(ordering: .relaxed)
                ) {
                    close(entry.fd)
                    connections[entry.fd] = nil
                    waiting.removeAll { $0.fd == entry.fd }
                }
            }
        }
        for descriptor in connections.keys { close(descriptor) }
    }

    private static func answerDatagram(_ descriptor: Int32, _ name: String) {
        var buffer = [UInt8](repeating: 0, count: 2048)
        var peer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let text = Array(name.utf8)
        unsafe withUnsafeMutablePointer(to: &peer) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let size = buffer.count
                let count = unsafe recvfrom(descriptor, &buffer, size, 0, address, &length)
                if count >= 0 {
                    _ = unsafe sendto(descriptor, text, text.count, 0, address, length)
                }
            }
        }
    }

    /// Answers one request; false when the connection is to be closed.
    private static func answer(
        _ descriptor: Int32,
        _ transport: TransportProtocol,
        _ name: String,
        isLast: Bool
    ) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 2048)
        let size = buffer.count
        guard unsafe recv(descriptor, &buffer, size, 0) > 0 else { return false }
        let isClosing = isLast && transport == .tcp
        let connection = isClosing ? "Connection: close\r\n" : ""
        let text =
            transport == .tcp
            ? "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\(connection)"
                + "Content-Length: \(name.utf8.count)\r\n\r\n\(name)"
            : name
        let bytes = Array(text.utf8)
        let count = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        return count == bytes.count && !isClosing
    }
}
