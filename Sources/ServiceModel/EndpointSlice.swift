package import Addressing

/// Some of the endpoints of a Service, with the ports they all listen on.
///
/// A Service may have any number of slices; they are merged by Service port. `v1` Endpoints are
/// turned into slices too, one for each subset and family, by whoever decodes them.
package struct EndpointSlice: Hashable, Sendable {
    package let name: ObjectName
    /// The Service it belongs to, from the label `kubernetes.io/service-name`.
    package let service: ObjectName
    package let family: AddressFamily
    package let ports: [EndpointPort]
    package let endpoints: [Endpoint]

    package init(
        name: ObjectName,
        service: ObjectName,
        family: AddressFamily,
        ports: [EndpointPort],
        endpoints: [Endpoint]
    ) {
        self.name = name
        self.service = service
        self.family = family
        self.ports = ports
        self.endpoints = endpoints
    }
}

/// A port of the endpoints in a slice.
package struct EndpointPort: Hashable, Sendable {
    /// The name of the Service port it serves; empty for an unnamed one.
    package let name: String
    package let transport: TransportProtocol
    /// 1…65535.
    package let port: UInt16

    package init(name: String = "", transport: TransportProtocol = .tcp, port: UInt16) {
        self.name = name
        self.transport = transport
        self.port = port
    }
}

/// One endpoint: where it is and whether it takes traffic.
package struct Endpoint: Hashable, Sendable {
    /// The first of its addresses; the others are interchangeable by definition of the API.
    package let address: IPAddress
    package let conditions: EndpointConditions
    package let nodeName: String?
    package let zone: String?
    /// For whom the control plane meant it; nil for everybody.
    package let hints: EndpointHints?

    package init(
        address: IPAddress,
        conditions: EndpointConditions = .ready,
        nodeName: String? = nil,
        zone: String? = nil,
        hints: EndpointHints? = nil
    ) {
        self.address = address
        self.conditions = conditions
        self.nodeName = nodeName
        self.zone = zone
        self.hints = hints
    }
}

/// `hints` of an endpoint: the zones and nodes whose clients it is meant for.
package struct EndpointHints: Hashable, Sendable {
    /// `forZones`; empty when there are none.
    package let zones: [String]
    /// `forNodes`; empty when there are none.
    package let nodes: [String]

    package init(zones: [String] = [], nodes: [String] = []) {
        self.zones = zones
        self.nodes = nodes
    }
}

/// `conditions` of an endpoint, with the API's defaults filled in.
package struct EndpointConditions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It takes new connections.
    package static let isReady = EndpointConditions(rawValue: 1)
    /// It answers, although it may be on its way out.
    package static let isServing = EndpointConditions(rawValue: 2)
    /// It is on its way out.
    package static let isTerminating = EndpointConditions(rawValue: 4)

    /// Ready, and therefore serving.
    package static let ready: EndpointConditions = [.isReady, .isServing]
    /// Neither ready nor serving nor terminating.
    package static let notReady: EndpointConditions = []

    /// Fills in what the object left out: ready unless it says otherwise, serving when ready, not
    /// terminating (`k8s.io/api/discovery/v1`, EndpointConditions).
    package init(ready: Bool?, serving: Bool?, terminating: Bool?) {
        var conditions: EndpointConditions = []
        if ready ?? true { conditions.insert(.isReady) }
        if serving ?? ready ?? true { conditions.insert(.isServing) }
        if terminating ?? false { conditions.insert(.isTerminating) }
        self = conditions
    }
}
