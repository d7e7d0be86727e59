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

/// Where a packet may go.
package enum Target: Hashable, Sendable {
    /// To one of these; never empty. Sorted by address.
    case balance([Backend])
    /// Nobody is there: the client is told at once.
    case reject
    /// Nobody is here: the packet vanishes, as another node may have an answer.
    case drop

    /// The backends; none where nothing is balanced.
    package var backends: [Backend] {
        if case .balance(let backends) = self { backends } else { [] }
    }
}

/// One place that takes connections.
package struct Backend: Hashable, Sendable {
    package let address: SocketEndpoint
    /// Whether it is on this node.
    package let isLocal: Bool

    package init(address: SocketEndpoint, isLocal: Bool = false) {
        self.address = address
        self.isLocal = isLocal
    }
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
    /// What of the Service it is.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case clusterIP, externalIP, loadBalancer, nodePort

        /// Of two Services with one address and port, the lower goes first.
        var rank: Int {
            switch self {
            case .clusterIP: 0
            case .loadBalancer: 1
            case .externalIP: 2
            case .nodePort: 3
            }
        }

        /// The field of a Service that it comes from.
        package var field: String {
            switch self {
            case .clusterIP: "spec.clusterIPs"
            case .externalIP: "spec.externalIPs"
            case .loadBalancer: "status.loadBalancer.ingress"
            case .nodePort: "spec.ports[].nodePort"
            }
        }
    }

    /// Whose packets get an address of this node as their source, so that the answers come back
    /// through it.
    ///
    /// Besides, an endpoint that is its own client always gets one.
    package enum SourceRewriting: String, Hashable, Sendable, CaseIterable {
        case everyone
        case everyoneButPods
        case nodeOnly
    }

    package let key: FrontendKey
    package let service: ServicePortName
    package let kind: Kind
    /// `Service.creationTime`.
    package let creationTime: Int64?
    package let inside: Target
    package let outside: Target
    package let affinity: Service.SessionAffinity
    package let scheduler: SchedulerRequest
    /// Who may use it, of the key's family; nil for everybody.
    package let allowedSources: [IPPrefix]?
    package let sourceRewriting: SourceRewriting
    /// How long connections keep an endpoint that leaves; nil for what the configuration says.
    package let drainTimeout: Duration?

    package init(
        key: FrontendKey,
        service: ServicePortName,
        kind: Kind = .clusterIP,
        creationTime: Int64? = nil,
        inside: Target,
        outside: Target,
        affinity: Service.SessionAffinity,
        scheduler: SchedulerRequest,
        allowedSources: [IPPrefix]? = nil,
        sourceRewriting: SourceRewriting = .everyoneButPods,
        drainTimeout: Duration? = nil
    ) {
        self.key = key
        self.service = service
        self.kind = kind
        self.creationTime = creationTime
        self.inside = inside
        self.outside = outside
        self.affinity = affinity
        self.scheduler = scheduler
        self.allowedSources = allowedSources
        self.sourceRewriting = sourceRewriting
        self.drainTimeout = drainTimeout
    }
}
