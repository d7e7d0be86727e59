import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import TestSupport

/// Changes of a few Services of every kind, and of the node's addresses.
struct GeneratedServices {
    var numbers: SeededGenerator

    static let nodeAddresses = [IPAddress.ipv4(0xc000_020a), .ipv4(0xc000_024d)]
    static func options(
        _ filter: FilterPolicy?,
        mode: DataplaneMode = .ipvs,
        addressMode: IPVSLowering.AddressMode = .routes
    ) -> ReconcilerOptions {
        ReconcilerOptions(
            routing: RoutingPolicy(node: RoutingNode(name: "here")),
            mode: mode,
            addressMode: addressMode,
            filter: filter,
            auditInterval: .zero
        )
    }

    private mutating func external(_ number: UInt32) -> ExternalAccess {
        var external = ExternalAccess()
        external.policy = numbers.pick([.cluster, .local])
        if numbers.chance(50) {
            external.loadBalancerAddresses = [.ipv4(0xcb00_7100 + number / 2)]
        }
        if numbers.chance(20) { external.addresses = [numbers.pick(Self.nodeAddresses)] }
        if numbers.chance(30) {
            external.sourceRanges = [
                IPPrefix(
                    holding: .ipv4(0xc633_6400),
                    length: Int.random(in: 24...26, using: &numbers)
                )
            ]
        }
        if numbers.chance(30) {
            external.healthCheckNodePort = UInt16(31000 + Int(number))
        }
        return external
    }

    mutating func change() -> ClusterChange {
        let number = UInt32.random(in: 1...5, using: &numbers)
        let name = ObjectName(namespace: "default", name: "service-\(number)")
        if numbers.chance(15) { return .serviceRemoved(name) }
        if numbers.chance(50) {
            return .service(
                Service(
                    name: name,
                    reachability: .clusterIPs([.ipv4(0x0a60_0000 + number / 3)]),
                    ports: [
                        ServicePort(
                            name: "a",
                            port: UInt16(80 + number),
                            nodePort: numbers.chance(50) ? UInt16(30000 + number / 2) : nil
                        )
                    ],
                    sessionAffinity: numbers.chance(20) ? .clientIP(timeout: 60) : .none,
                    internalTrafficPolicy: numbers.pick([.cluster, .cluster, .local]),
                    external: external(number)
                )
            )
        }
        var endpoints: [Endpoint] = []
        for pod in 1...6 as ClosedRange<UInt32> where numbers.chance(40) {
            endpoints.append(
                Endpoint(
                    address: pod == 1 ? Self.nodeAddresses[0] : .ipv4(0x0af4_0000 + pod),
                    nodeName: pod < 3 ? "here" : "there"
                )
            )
        }
        return .endpointSlice(
            EndpointSlice(
                name: name,
                service: name,
                family: .ipv4,
                ports: [EndpointPort(name: "a", port: 8080)],
                endpoints: endpoints
            )
        )
    }

    mutating func addresses() -> Set<IPAddress>? {
        numbers.chance(90)
            ? nil : Set(Self.nodeAddresses.filter { _ in Bool.random(using: &numbers) })
    }
}
