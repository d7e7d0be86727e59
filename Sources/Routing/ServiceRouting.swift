import Addressing
package import ServiceModel

extension ServiceView {
    /// The frontends of a Service and where they lead; none for a Service without addresses.
    package func frontends(scheduling: SchedulingPolicy) -> [Frontend] {
        guard case .clusterIPs(let addresses) = service.reachability else { return [] }
        let scheduler = scheduling.request(for: service)
        var frontends: [Frontend] = []
        frontends.reserveCapacity(addresses.count * service.ports.count)
        for address in addresses {
            for port in service.ports {
                let target = clusterTarget(of: port, family: address.family)
                frontends.append(
                    Frontend(
                        key: FrontendKey(SocketEndpoint(address, port.port), port.transport),
                        service: ServicePortName(service: service.name, port: port.name),
                        creationTime: service.creationTime,
                        inside: target,
                        outside: target,
                        affinity: service.sessionAffinity,
                        scheduler: scheduler
                    )
                )
            }
        }
        return frontends
    }

    /// All endpoints that take traffic, wherever they are.
    ///
    /// The ready ones; when there is none, those on their way out that still answer
    /// (KEP-1669, ProxyTerminatingEndpoints). Nobody at all is a rejection.
    private func clusterTarget(of port: ServicePort, family: AddressFamily) -> Target {
        let all = endpoints(of: port, family: family)
        var usable = all.filter {
            service.publishNotReadyAddresses || $0.endpoint.conditions.contains(.isReady)
        }
        if usable.isEmpty {
            usable = all.filter {
                $0.endpoint.conditions.isSuperset(of: [.isServing, .isTerminating])
            }
        }
        return usable.isEmpty ? .reject : .balance(usable.map { Backend(address: $0.address) })
    }
}
