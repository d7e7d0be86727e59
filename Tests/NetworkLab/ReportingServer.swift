package import Addressing
import Glibc

/// A server that says who it is and whom it sees: `name|source address|source port`.
///
/// Over HTTP on TCP, and as it is on UDP and SCTP. One thread serves sockets in any number of
/// namespaces, until the server goes out of scope.
package final class ReportingServer: Sendable {
    /// A socket to serve, and the name to answer with.
    package struct Listener: Sendable {
        package let name: String
        package let namespace: NetworkNamespace
        package let endpoint: SocketEndpoint
        package let transport: TransportProtocol

        package init(
            name: String,
            namespace: NetworkNamespace,
            endpoint: SocketEndpoint,
            transport: TransportProtocol
        ) {
            self.name = name
            self.namespace = namespace
            self.endpoint = endpoint
            self.transport = transport
        }
    }

    /// What a descriptor is: something to accept from, or to answer on.
    private struct Served {
        let name: String
        let transport: TransportProtocol
        /// Of a connection; nil for what listens, and for UDP.
        var peer: SocketEndpoint?
    }

    private let descriptors: [Int32]
    private let thread: LabThread

    /// Starts to serve.
    ///
    /// - Throws: `LabError` when a socket cannot be had; nothing is served then.
    package init(_ listeners: [Listener]) throws {
        var served: [Int32: Served] = [:]
        let thread: LabThread
        do {
            // Entering a namespace takes a thread of its own, so once for each.
            for group in Dictionary(grouping: listeners, by: { ObjectIdentifier($0.namespace) })
                .values
            {
                try group.first?.namespace.perform {
                    for listener in group {
                        served[try listeningSocket(listener.endpoint, listener.transport)] = Served(
                            name: listener.name,
                            transport: listener.transport
                        )
                    }
                }
            }
            thread = try LabThread { [served] flag in Self.serve(served, until: flag) }
        } catch {
            for descriptor in served.keys { close(descriptor) }
            throw error
        }
        descriptors = Array(served.keys)
        self.thread = thread
    }

    deinit {
        thread.stop()
        for descriptor in descriptors { close(descriptor) }
    }

    private static func serve(_ listeners: [Int32: Served], until stop: LabThread.StopFlag) {
        var served = listeners
        var waiting = listeners.keys.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while !stop.isRaised {
            guard unsafe poll(&waiting, nfds_t(waiting.count), 100) > 0 else { continue }
            for entry in waiting where entry.revents != 0 {
                guard let what = served[entry.fd] else { continue }
                if what.transport == .udp {
                    answerDatagram(entry.fd, what.name)
                } else if let peer = what.peer {
                    guard !answer(entry.fd, what, peer) else { continue }
                    close(entry.fd)
                    served[entry.fd] = nil
                    waiting.removeAll { $0.fd == entry.fd }
                } else if let (accepted, peer) = acceptConnection(entry.fd) {
                    served[accepted] = Served(
                        name: what.name,
                        transport: what.transport,
                        peer: peer
                    )
                    waiting.append(pollfd(fd: accepted, events: Int16(POLLIN), revents: 0))
                }
            }
        }
        for (descriptor, what) in served where what.peer != nil { close(descriptor) }
    }

    private static func acceptConnection(_ descriptor: Int32) -> (Int32, SocketEndpoint)? {
        var accepted: Int32 = -1
        let peer = unsafe receivingSocketAddress { address, length in
            accepted = unsafe accept(descriptor, address, length)
        }
        guard accepted >= 0 else { return nil }
        guard let peer else {
            close(accepted)
            return nil
        }
        return (accepted, peer)
    }

    private static func answerDatagram(_ descriptor: Int32, _ name: String) {
        var buffer = [UInt8](repeating: 0, count: 2048)
        let size = buffer.count
        var count = -1
        let peer = unsafe receivingSocketAddress { address, length in
            count = unsafe recvfrom(descriptor, &buffer, size, 0, address, length)
        }
        guard count >= 0, let peer else { return }
        let text = Array(report(name, peer).utf8)
        unsafe withSocketAddress(peer) {
            _ = unsafe sendto(descriptor, text, text.count, 0, $0, $1)
        }
    }

    /// Answers one request; false when the client has gone.
    private static func answer(
        _ descriptor: Int32,
        _ served: Served,
        _ peer: SocketEndpoint
    )
        -> Bool
    {
        var buffer = [UInt8](repeating: 0, count: 2048)
        let size = buffer.count
        guard unsafe recv(descriptor, &buffer, size, 0) > 0 else { return false }
        let body = report(served.name, peer)
        let text =
            served.transport == .tcp
            ? "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            : body
        let bytes = Array(text.utf8)
        return unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    private static func report(_ name: String, _ peer: SocketEndpoint) -> String {
        "\(name)|\(peer.address)|\(peer.port)"
    }
}
