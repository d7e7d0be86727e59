package import Addressing
package import ServiceModel

/// A port of a Service, by name.
package struct ServicePortName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let service: ObjectName
    /// Empty for an unnamed port.
    package let port: String

    package init(service: ObjectName, port: String) {
        self.service = service
        self.port = port
    }

    /// `default/web:http`, or `default/web` for an unnamed port.
    package var description: String { port.isEmpty ? "\(service)" : "\(service):\(port)" }

    package static func < (left: ServicePortName, right: ServicePortName) -> Bool {
        left.service == right.service ? left.port < right.port : left.service < right.service
    }
}

/// Where clients knock: an address, a port and a protocol.
package struct FrontendKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let endpoint: SocketEndpoint
    package let transport: TransportProtocol

    package init(_ endpoint: SocketEndpoint, _ transport: TransportProtocol) {
        self.endpoint = endpoint
        self.transport = transport
    }

    /// `10.96.0.1:80/TCP`.
    package var description: String { "\(endpoint)/\(transport)" }

    package static func < (left: FrontendKey, right: FrontendKey) -> Bool {
        left.endpoint == right.endpoint
            ? left.transport < right.transport : left.endpoint < right.endpoint
    }
}

/// Where a packet may go.
package enum Target: Hashable, Sendable {
    /// To one of these; never empty. Sorted by address.
    case balance([Backend])
    /// Nobody is there: the client is told at once.
    case reject
    /// Nobody is here: the packet vanishes, as another node may have an answer.
    case drop
}

/// One place that takes connections.
package struct Backend: Hashable, Sendable {
    package let address: SocketEndpoint

    package init(address: SocketEndpoint) { self.address = address }
}

/// The scheduler that a Service asks for, not yet held against what the kernel has.
package struct SchedulerRequest: Hashable, Sendable {
    package let name: String
    /// Names of flags; nil asks for the scheduler's usual ones.
    package let flags: [String]?

    package init(name: String, flags: [String]? = nil) {
        self.name = name
        self.flags = flags
    }
}

/// One place where clients knock, and where their packets go.
///
/// A client inside (a pod or the node itself) and one outside may be sent to different places.
package struct Frontend: Hashable, Sendable {
    package let key: FrontendKey
    package let service: ServicePortName
    /// `Service.creationTime`.
    package let creationTime: Int64?
    package let inside: Target
    package let outside: Target
    package let affinity: Service.SessionAffinity
    package let scheduler: SchedulerRequest

    package init(
        key: FrontendKey,
        service: ServicePortName,
        creationTime: Int64? = nil,
        inside: Target,
        outside: Target,
        affinity: Service.SessionAffinity,
        scheduler: SchedulerRequest
    ) {
        self.key = key
        self.service = service
        self.creationTime = creationTime
        self.inside = inside
        self.outside = outside
        self.affinity = affinity
        self.scheduler = scheduler
    }
}
