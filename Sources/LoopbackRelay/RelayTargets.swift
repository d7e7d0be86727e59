import Addressing
import ListeningSockets
import NIOCore
import Synchronization

/// Where new clients of each port are sent on to.
final class RelayTargets: Sendable {
    private let targets = Mutex<[ListeningPort: SocketEndpoint]>([:])

    subscript(port: ListeningPort) -> SocketAddress? {
        targets.withLock { $0[port] }.flatMap { try? SocketAddress($0) }
    }

    func replace(with new: [ListeningPort: SocketEndpoint]) {
        targets.withLock { $0 = new }
    }
}
