import Addressing
import NetworkLab

/// A connection that is open until it is ended.
final class HeldConnection {
    private var connection: ClientConnection?

    init(to endpoint: SocketEndpoint) throws {
        connection = try ClientConnection(to: endpoint, .tcp)
    }

    func request() throws -> String {
        guard let connection = connection.take() else { throw LabError("it has ended") }
        let answer = try connection.request()
        self.connection = consume connection
        return answer
    }

    func end() {
        guard let connection = connection.take() else { return }
        connection.abort()
    }
}
