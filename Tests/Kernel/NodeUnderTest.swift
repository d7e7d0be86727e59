import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Planning
import Reconciliation
import Routing
import ServiceModel
import Synchronization

/// The reconciler at work on the kernel of a laboratory's node.
final class NodeUnderTest {
    let laboratory: Laboratory
    private var reconciler: Reconciler<LinuxDataplane>?
    private var now = Duration.zero

    init(_ laboratory: Laboratory, name: String, scheduler: String = "rr") throws {
        self.laboratory = laboratory
        let options = ReconcilerOptions(
            routing: RoutingPolicy(
                scheduling: SchedulingPolicy(global: SchedulerRequest(name: scheduler))
            ),
            sources: PreferredSources(
                ipv4: try IPAddress("192.0.2.10"),
                ipv6: try IPAddress("2001:db8::10")
            ),
            timeouts: ConnectionTimeouts(udp: 1)
        )
        try laboratory.node.perform {
            var reconciler = Reconciler(
                device: try LinuxDataplane(
                    device: "kube-ipvs0",
                    stateDirectory: TestKernel.stateDirectory(name)
                ),
                options: options
            )
            try reconciler.start(now: .zero)
            self.reconciler = consume reconciler
        }
    }

    /// Hands over changes and applies them.
    @discardableResult
    func apply(_ changes: [ClusterChange]) throws -> ReconciliationReport {
        now += .seconds(1)
        guard var reconciler = reconciler.take() else { throw LabError("the reconciler is in use") }
        reconciler.take(.changes(changes))
        reconciler.take(.initialSetComplete(isWhole: true))
        let report = try Self.reconcile(&reconciler, at: now, in: laboratory.node)
        self.reconciler = consume reconciler
        for failure in report.failures { throw failure.error }
        return report
    }

    private static func reconcile(
        _ reconciler: inout Reconciler<LinuxDataplane>,
        at now: Duration,
        in node: NetworkNamespace
    ) throws -> ReconciliationReport {
        try node.perform { reconciler.reconcile(now: now) }
    }
}

/// A Service with an address of each family that every pod of a laboratory serves.
struct ServiceUnderTest {
    let service: Service
    let slices: [EndpointSlice]

    static let port: UInt16 = 80
    static let podPort: UInt16 = 8080

    /// `number` makes its addresses: 10.96.0.*number* and fd00:10:96::*number*.
    init(
        _ name: String,
        number: Int,
        scheduler: String? = nil,
        flags: String? = nil,
        affinity: Service.SessionAffinity = .none,
        pods: some Sequence<Int>,
        in laboratory: Laboratory
    ) throws {
        let objectName = ObjectName(namespace: "test", name: name)
        var annotations: [String: String] = [:]
        annotations["scheduler"] = scheduler
        annotations["scheduler-flags"] = flags
        service = Service(
            name: objectName,
            reachability: .clusterIPs([
                try Self.address(number, .ipv4), try Self.address(number, .ipv6),
            ]),
            ports: TransportProtocol.allCases.map {
                ServicePort(name: "\($0)", transport: $0, port: Self.port)
            },
            sessionAffinity: affinity,
            annotations: annotations
        )
        slices = try AddressFamily.allCases.map { family in
            EndpointSlice(
                name: ObjectName(namespace: "test", name: "\(name)-\(family)"),
                service: objectName,
                family: family,
                ports: TransportProtocol.allCases.map {
                    EndpointPort(name: "\($0)", transport: $0, port: Self.podPort)
                },
                endpoints: try pods.map {
                    Endpoint(address: try laboratory.podAddress($0, family))
                }
            )
        }
    }

    static func address(_ number: Int, _ family: AddressFamily) throws -> IPAddress {
        try IPAddress(family == .ipv4 ? "10.96.0.\(number)" : "fd00:10:96::\(number)")
    }

    static func endpoint(_ number: Int, _ family: AddressFamily) throws -> SocketEndpoint {
        SocketEndpoint(try address(number, family), port)
    }

    var changes: [ClusterChange] { [.service(service)] + slices.map { .endpointSlice($0) } }
}
