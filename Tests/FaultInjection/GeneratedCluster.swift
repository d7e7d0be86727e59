package import Addressing
package import ServiceModel
package import TestSupport

/// A cluster that changes at random: Services of every kind and both families, their endpoints, and
/// the node's own object.
///
/// It knows all its objects, so that it can say everything that exists to somebody who comes late.
package struct GeneratedCluster: Sendable {
    /// What an object is known by.
    private enum Name: Hashable, Comparable {
        case node
        case service(Int)
        case slice(Int, AddressFamily)
    }

    package static let nodeName = "here"

    package var numbers: SeededGenerator
    private let serviceCount: Int
    private let schedulers: [String]
    private let nodeAddresses: [IPAddress]
    private var objects: [Name: ClusterChange] = [:]
    /// What the reader of the cluster was told.
    private var said: [Name: ClusterChange] = [:]

    /// `serviceCount` Services come and go; the node has these addresses of its own.
    package init(
        seed: UInt64,
        serviceCount: Int = 8,
        schedulers: [String],
        nodeAddresses: [IPAddress]
    ) {
        numbers = SeededGenerator(seed: seed)
        self.serviceCount = serviceCount
        self.schedulers = schedulers
        self.nodeAddresses = nodeAddresses
        // One that is always there: what a node once had for a family stays there for its next Service.
        objects[.service(0)] = .service(
            Service(
                name: objectName(0),
                reachability: .clusterIPs([address(0x0a60_0000, 0), address6(0xfd00_0096, 0)]),
                ports: [ServicePort(name: "web", port: 80)]
            )
        )
        objects[.slice(0, .ipv4)] = .endpointSlice(slice(0, .ipv4))
    }

    /// Changes one object, which nobody is told of yet.
    package mutating func change() {
        if numbers.chance(4) {
            objects[.node] = numbers.chance(20) ? nil : .node(node())
            return
        }
        let number = Int.random(in: 1...serviceCount, using: &numbers)
        if numbers.chance(45) {
            objects[.service(number)] = numbers.chance(20) ? nil : .service(service(number))
        } else {
            let family: AddressFamily = numbers.chance(65) ? .ipv4 : .ipv6
            objects[.slice(number, family)] =
                numbers.chance(10) ? nil : .endpointSlice(slice(number, family))
        }
    }

    /// What became different since the last time that this was asked.
    package mutating func news() -> [ClusterChange] {
        var changes: [ClusterChange] = []
        for name in Set(objects.keys).union(said.keys).sorted() where objects[name] != said[name] {
            changes.append(objects[name] ?? removal(of: name))
        }
        said = objects
        return changes
    }

    /// All that exists, in a random order, for a reader that knows nothing yet.
    package mutating func everything() -> [ClusterChange] {
        said = objects
        return objects.sorted { $0.key < $1.key }.map(\.value).shuffled(using: &numbers)
    }

    private func removal(of name: Name) -> ClusterChange {
        switch name {
        case .node: .nodeRemoved(Self.nodeName)
        case .service(let number): .serviceRemoved(objectName(number))
        case .slice(let number, let family): .endpointSliceRemoved(sliceName(number, family))
        }
    }
}

// MARK: - Objects

extension GeneratedCluster {
    private func objectName(_ number: Int) -> ObjectName {
        ObjectName(namespace: "test", name: "service-\(number)")
    }

    private func sliceName(_ number: Int, _ family: AddressFamily) -> ObjectName {
        ObjectName(namespace: "test", name: "service-\(number)-\(family)")
    }

    /// The address of a Service: 10.96.0.*n*, 203.0.113.*n* and so on.
    private func address(_ network: UInt32, _ number: Int) -> IPAddress {
        .ipv4(network + UInt32(number))
    }

    private func address6(_ network: UInt64, _ number: Int) -> IPAddress {
        .ipv6(high: network << 32, low: UInt64(number))
    }

    private mutating func node() -> Node {
        Node(
            name: Self.nodeName,
            zone: numbers.pick(["east", "west"]),
            podCIDRs: [IPPrefix(holding: .ipv4(0x0af4_0000), length: 16)],
            addresses: nodeAddresses.filter { _ in numbers.chance(70) },
            isLeaving: numbers.chance(10)
        )
    }

    private mutating func service(_ number: Int) -> Service {
        // Two may want the same address, but for one of them.
        var addresses = [address(0x0a60_0000, numbers.chance(15) ? 1 + number / 2 : number)]
        if numbers.chance(40) { addresses.append(address6(0xfd00_0096, number)) }
        var ports = [port("web", .tcp, 80, number, 0)]
        if numbers.chance(40) { ports.append(port("dns", .udp, 53, number, 1)) }
        if numbers.chance(15) { ports.append(port("call", .sctp, 5060, number, 2)) }
        return Service(
            name: objectName(number),
            reachability: numbers.chance(5) ? .headless : .clusterIPs(addresses),
            ports: ports,
            sessionAffinity: numbers.chance(20)
                ? .clientIP(timeout: UInt32(numbers.pick([60, 600]))) : .none,
            publishNotReadyAddresses: numbers.chance(5),
            internalTrafficPolicy: numbers.pick([.cluster, .cluster, .cluster, .local]),
            external: external(number),
            trafficDistribution: numbers.chance(15) ? .preferSameZone : nil,
            annotations: numbers.chance(50) && !schedulers.isEmpty
                ? ["scheduler": numbers.pick(schedulers)] : [:]
        )
    }

    private mutating func port(
        _ name: String,
        _ transport: TransportProtocol,
        _ port: UInt16,
        _ number: Int,
        _ position: Int
    ) -> ServicePort {
        ServicePort(
            name: name,
            transport: transport,
            port: port,
            nodePort: numbers.chance(50) ? UInt16(30_000 + 10 * number + position) : nil
        )
    }

    private mutating func external(_ number: Int) -> ExternalAccess {
        var external = ExternalAccess()
        external.policy = numbers.pick([.cluster, .local])
        if numbers.chance(50) {
            external.loadBalancerAddresses = [address(0xcb00_7100, number)]
            if numbers.chance(30) {
                external.loadBalancerAddresses.append(address6(0x2001_0db8, number))
            }
        }
        if numbers.chance(20) { external.addresses = [address(0xc633_6400, 10 + number)] }
        if numbers.chance(10), let own = nodeAddresses.first { external.addresses.append(own) }
        if numbers.chance(30) {
            external.sourceRanges = [
                IPPrefix(
                    holding: .ipv4(0xc0a8_3200),
                    length: Int.random(in: 24...26, using: &numbers)
                )
            ]
        }
        if numbers.chance(30) { external.healthCheckNodePort = UInt16(31_000 + number) }
        return external
    }

    private mutating func slice(_ number: Int, _ family: AddressFamily) -> EndpointSlice {
        var endpoints: [Endpoint] = []
        for pod in 1...6 where numbers.chance(45) {
            let address =
                family == .ipv4 ? address(0x0af4_0000, 256 * pod + 2) : address6(0xfd00_0244, pod)
            endpoints.append(
                Endpoint(
                    address: address,
                    conditions: numbers.chance(80)
                        ? .ready : numbers.pick([.notReady, [.isServing, .isTerminating]]),
                    nodeName: pod < 3 ? Self.nodeName : "there",
                    zone: pod < 4 ? "east" : "west",
                    hints: numbers.chance(30)
                        ? EndpointHints(zones: [numbers.pick(["east", "west"])]) : nil
                )
            )
        }
        return EndpointSlice(
            name: sliceName(number, family),
            service: objectName(number),
            family: family,
            ports: [
                EndpointPort(name: "web", port: 8080),
                EndpointPort(name: "dns", transport: .udp, port: 5353),
                EndpointPort(name: "call", transport: .sctp, port: 5060),
            ],
            endpoints: endpoints
        )
    }
}
