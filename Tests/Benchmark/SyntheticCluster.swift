import Addressing
import DataplaneModel
import ServiceModel

/// A cluster of equal Services, as objects that have already been decoded.
struct SyntheticCluster {
    let services: Int
    let endpoints: Int

    /// 10.96.0.0 and up; at most 65,536 Services.
    private func serviceAddress(_ index: Int) -> IPAddress {
        .ipv4(0x0a60_0000 + UInt32(index) + 1)
    }

    /// 10.128.0.0 and up.
    private func podAddress(_ service: Int, _ endpoint: Int) -> IPAddress {
        .ipv4(0x0a80_0000 + UInt32(service * endpoints + endpoint) + 1)
    }

    /// Where clients find a Service.
    func serviceEndpoint(_ index: Int) -> SocketEndpoint {
        SocketEndpoint(serviceAddress(index), 80)
    }

    /// Where it finds its pods.
    func podEndpoint(_ service: Int, _ endpoint: Int) -> SocketEndpoint {
        SocketEndpoint(podAddress(service, endpoint), 8080)
    }

    private func name(_ index: Int) -> ObjectName {
        ObjectName(namespace: "benchmark", name: "service-\(index)")
    }

    func slice(_ index: Int, endpoints range: Range<Int>) -> ClusterChange {
        .endpointSlice(
            EndpointSlice(
                name: ObjectName(namespace: "benchmark", name: "service-\(index)-abcde"),
                service: name(index),
                family: .ipv4,
                ports: [EndpointPort(name: "http", transport: .tcp, port: 8080)],
                endpoints: range.map {
                    Endpoint(
                        address: podAddress(index, $0),
                        nodeName: "node-\($0)",
                        zone: "zone-a"
                    )
                }
            )
        )
    }

    var changes: [ClusterChange] {
        var changes: [ClusterChange] = []
        changes.reserveCapacity(2 * services)
        for index in 0..<services {
            changes.append(
                .service(
                    Service(
                        name: name(index),
                        reachability: .clusterIPs([serviceAddress(index)]),
                        ports: [ServicePort(name: "http", transport: .tcp, port: 80)],
                        creationTime: Int64(index)
                    )
                )
            )
            changes.append(slice(index, endpoints: 0..<endpoints))
        }
        return changes
    }

    /// The same as operations of IPVS alone, in the order in which they must be done.
    var operations: [Operation] {
        var operations: [Operation] = []
        for index in 0..<services {
            let key = VirtualServerKey.address(serviceEndpoint(index), .tcp)
            operations.append(
                .addVirtualServer(VirtualServer(key: key, scheduler: .roundRobin))
            )
            for endpoint in 0..<endpoints {
                let server = RealServer(address: podEndpoint(index, endpoint))
                operations.append(.addRealServer(server, of: key))
            }
        }
        return operations
    }

    /// The same as commands for `ipvsadm -R`.
    var commands: String {
        var text = ""
        for index in 0..<services {
            text += "-A -t \(serviceEndpoint(index)) -s rr\n"
            for endpoint in 0..<endpoints {
                text +=
                    "-a -t \(serviceEndpoint(index)) -r \(podEndpoint(index, endpoint)) -m\n"
            }
        }
        return text
    }
}
