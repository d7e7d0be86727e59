import Addressing
import ServiceModel

extension ObjectName {
    /// An object of the namespace `default`.
    init(_ name: String) { self.init(namespace: "default", name: name) }
}

extension Service {
    /// A Service at 10.96.0.`host`.
    init(_ name: String, host: UInt32 = 1, port: UInt16 = 80) {
        self.init(
            name: ObjectName(name),
            reachability: .clusterIPs([.ipv4(0x0a60_0000 | host)]),
            ports: [ServicePort(port: port)]
        )
    }
}

extension EndpointSlice {
    /// Ready IPv4 endpoints at 10.244.0.`hosts`, port 8080.
    init(_ name: String, of service: String, hosts: [UInt32] = []) {
        self.init(
            name: ObjectName(name),
            service: ObjectName(service),
            family: .ipv4,
            ports: [EndpointPort(port: 8080)],
            endpoints: hosts.map { Endpoint(address: .ipv4(0x0af4_0000 | $0)) }
        )
    }
}

extension ServiceTable {
    /// Takes in a change, and answers which Services it touched, in that order.
    mutating func touched(by change: ClusterChange) -> [String] {
        var touched: [String] = []
        apply(change) { touched.append($0.name) }
        return touched
    }

    /// The endpoints of the unnamed TCP port, or nil without the Service.
    func endpoints(of name: String) -> [String]? {
        view(of: ObjectName(name))?.endpoints(of: ServicePort(port: 80), family: .ipv4)
            .map(\.address.description)
    }
}
