import Addressing
import Routing
import ServiceModel

/// A Service `default/web` with all that may be said of it, and two pods.
struct SampleService {
    var name = "web"
    var clusterIPs = ["10.96.0.1"]
    var ports = [ServicePort(name: "http", port: 80, nodePort: 30080)]
    var internalPolicy = TrafficPolicy.cluster
    var externalPolicy = TrafficPolicy.cluster
    var externalIPs: [String] = []
    var loadBalancers: [String] = []
    /// Nil is everybody.
    var sourceRanges: [String]?
    var healthCheckNodePort: UInt16?
    var publishNotReady = false
    var created: Int64?

    func service() throws -> Service {
        var external = ExternalAccess()
        external.policy = externalPolicy
        external.addresses = try externalIPs.map { try IPAddress($0) }
        external.loadBalancerAddresses = try loadBalancers.map { try IPAddress($0) }
        external.sourceRanges = try sourceRanges?.map { try IPPrefix($0) }
        external.healthCheckNodePort = healthCheckNodePort
        return Service(
            name: ObjectName(namespace: "default", name: name),
            reachability: .clusterIPs(try clusterIPs.map { try IPAddress($0) }),
            ports: ports,
            publishNotReadyAddresses: publishNotReady,
            internalTrafficPolicy: internalPolicy,
            external: external,
            creationTime: created
        )
    }

    /// A slice for each family; `pods` are addresses with the nodes they are on.
    func slices(_ pods: [(address: String, node: String)]) throws -> [EndpointSlice] {
        try slices(
            pods.map { Endpoint(address: try IPAddress($0.address), nodeName: $0.node) }
        )
    }

    func slices(_ endpoints: [Endpoint]) throws -> [EndpointSlice] {
        AddressFamily.allCases.map { family in
            EndpointSlice(
                name: ObjectName(namespace: "default", name: "\(name)-\(family)"),
                service: ObjectName(namespace: "default", name: name),
                family: family,
                ports: ports.map {
                    EndpointPort(name: $0.name, transport: $0.transport, port: $0.port + 8000)
                },
                endpoints: endpoints.filter { $0.address.family == family }
            )
        }
    }
}

extension Frontend {
    /// `clusterIP 10.96.0.1:80/TCP in:1,2 out:1 everyoneButPods`; a backend is named by the last
    /// number of its address.
    var line: String {
        var line = "\(kind) \(key) in:\(inside.line) out:\(outside.line) \(sourceRewriting)"
        if let allowedSources {
            line += " only:" + allowedSources.map(\.description).joined(separator: ",")
        }
        return line
    }
}

extension Target {
    fileprivate var line: String {
        switch self {
        case .balance(let backends):
            backends.map { "\($0.address.address.low & 0xff)" }.joined(separator: ",")
        case .reject: "reject"
        case .drop: "drop"
        }
    }
}
