import Addressing
package import ServiceModel

extension Scenario {
    private var objectName: ObjectName { ObjectName(namespace: World.namespace, name: name) }

    /// The Service and its slices, as the cluster describes them.
    package var changes: [ClusterChange] {
        [.service(service)]
            + families.flatMap { family in
                [false, true].compactMap { slice(family, hostNetwork: $0) }
            }
    }

    private var service: Service {
        let hasNodePort = doors.contains(.nodePort)
        var external = ExternalAccess()
        external.policy = externalPolicy
        external.sourceRanges = allowed
        if doors.contains(.externalIP) {
            external.addresses = families.map { World.externalIP(number, $0) }
        }
        if doors.contains(.loadBalancerIP) {
            external.loadBalancerAddresses = families.map { World.loadBalancerIP(number, $0) }
            // The API server allocates one for each such Service.
            if externalPolicy == .local { external.healthCheckNodePort = UInt16(32_000 + number) }
        }
        return Service(
            name: objectName,
            reachability: .clusterIPs(families.map { World.clusterIP(number, $0) }),
            ports: TransportProtocol.allCases.map {
                ServicePort(
                    name: "\($0)".lowercased(),
                    transport: $0,
                    port: World.servicePort,
                    nodePort: hasNodePort ? World.nodePort(number) : nil
                )
            },
            sessionAffinity: affinity,
            publishNotReadyAddresses: publishesNotReady,
            internalTrafficPolicy: internalPolicy,
            external: external,
            trafficDistribution: distribution
        )
    }

    /// Endpoints with different ports are in different slices.
    private func slice(_ family: AddressFamily, hostNetwork: Bool) -> ClusterChange? {
        let members = endpoints.filter { $0.name.isHostNetwork == hostNetwork }
        guard let port = members.first?.name.port else { return nil }
        let suffix = "\(family)".lowercased() + (hostNetwork ? "-host" : "")
        return .endpointSlice(
            EndpointSlice(
                name: ObjectName(namespace: World.namespace, name: "\(name)-\(suffix)"),
                service: objectName,
                family: family,
                ports: TransportProtocol.allCases.map {
                    EndpointPort(name: "\($0)".lowercased(), transport: $0, port: port)
                },
                endpoints: members.map {
                    Endpoint(
                        address: $0.name.address(family),
                        conditions: $0.conditions,
                        nodeName: $0.name.nodeName,
                        zone: $0.name.zone,
                        hints: $0.hints
                    )
                }
            )
        )
    }
}
