import Addressing
import DataplaneModel
import Planning
import Routing
import ServiceModel

/// What the examples are made of.
extension IPVSLoweringTests {
    static func address(_ text: String) -> IPAddress {
        (try? IPAddress(text)) ?? .ipv4(0)
    }

    static let lowering = IPVSLowering(
        addressMode: .routes,
        sources: PreferredSources(ipv4: address("192.0.2.10")),
        globalScheduler: SchedulerRequest(name: "rr"),
        availability: SchedulerAvailability(available: [.roundRobin, .sourceHashing]),
        nodeAddresses: Set(["192.0.2.10", "192.0.2.11", "2001:db8::10"].map(address)),
        nodePortAddresses: ["192.0.2.10", "192.0.2.11", "2001:db8::10"].map(address)
    )

    static let bound: IPVSLowering = {
        var copy = lowering
        copy.addressMode = .bind
        return copy
    }()

    static let unfiltered: IPVSLowering = {
        var copy = lowering
        copy.usesFilter = false
        return copy
    }()

    /// 10.244.0.`n`:8080, for those on this node with an asterisk in `text(of:)`.
    static func pods(_ here: [UInt32], _ elsewhere: [UInt32] = []) -> Target {
        let backends = { (numbers: [UInt32], isLocal: Bool) in
            numbers.map {
                Backend(
                    address: SocketEndpoint(.ipv4(0x0af4_0000 + $0), 8080),
                    isLocal: isLocal
                )
            }
        }
        return .balance(backends(here, true) + backends(elsewhere, false))
    }

    static func frontend(
        _ key: FrontendKey,
        _ kind: Frontend.Kind,
        inside: Target,
        outside: Target? = nil,
        _ rewriting: Frontend.SourceRewriting,
        affinity: Service.SessionAffinity = .none,
        scheduler: String = "rr",
        allowed: [String]? = nil
    ) -> Frontend {
        Frontend(
            key: key,
            service: ServicePortName(
                service: ObjectName(namespace: "default", name: "web"),
                port: "http"
            ),
            kind: kind,
            inside: inside,
            outside: outside ?? inside,
            affinity: affinity,
            scheduler: SchedulerRequest(name: scheduler),
            allowedSources: allowed?.compactMap { try? IPPrefix($0) },
            sourceRewriting: rewriting
        )
    }

    static func key(_ text: String, _ transport: TransportProtocol = .tcp) -> FrontendKey {
        .address(SocketEndpoint(text) ?? SocketEndpoint(address("0.0.0.0"), 0), transport)
    }

    static let clusterIP = key("10.96.0.1:80")
    static let balancer = key("203.0.113.9:80")
    static let nodePort = FrontendKey.nodePort(30080, .tcp, .ipv4)

    /// One line for each virtual server, membership and address, sorted within their kind.
    static func lines(_ lowered: LoweredFrontend) -> [String] {
        let servers = lowered.servers.map { entry in
            let server = entry.server
            return "\(server.key) \(server.scheduler)"
                + (server.persistence.map { " persistent \($0.timeout)/\($0.prefixLength)" } ?? "")
                + " → " + entry.realServers.map { "\($0.address.address)" }.joined(separator: " ")
        }
        let members = lowered.memberships.map {
            "\($0.set) \($0.member)" + ($0.mark == 0 ? "" : " mark \($0.mark)")
        }
        let announced = lowered.announced.map { announced in
            switch announced.announcement {
            case .bound: "bound \(announced.address)"
            case .route(let source):
                "route \(announced.address)" + (source.map { " from \($0)" } ?? "")
            }
        }
        return servers.sorted() + members.sorted() + [announced].compactMap(\.self)
    }
}
