import Addressing
import LoopbackRelay
import SocketTestSupport

/// A port to be relayed and the endpoint that it leads to, on addresses of their own.
struct Relayed {
    var port: RelayedPort

    var listen: SocketEndpoint { port.listen }
    var target: SocketEndpoint { port.target }

    init(
        _ transport: TransportProtocol,
        listen: SocketEndpoint = Place.endpoint(),
        target: SocketEndpoint = Place.endpoint(),
        owner: String = "default/web:http"
    ) {
        port = RelayedPort(listen: listen, transport: transport, target: target, owner: owner)
    }

    /// The same port with another target.
    func leading(to other: SocketEndpoint) -> Relayed {
        Relayed(port.transport, listen: listen, target: other, owner: port.owner)
    }
}
