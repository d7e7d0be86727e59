import Addressing
import Routing
import ServiceModel
import Testing

@Suite struct FrontendsTests {
    private static let name = ObjectName(namespace: "default", name: "web")
    private static let policy = RoutingPolicy()

    private func service(
        _ addresses: [String] = ["10.96.0.1"],
        ports: [ServicePort] = [ServicePort(port: 80)],
        publishNotReadyAddresses: Bool = false
    ) throws -> Service {
        Service(
            name: Self.name,
            reachability: .clusterIPs(try addresses.map { try IPAddress($0) }),
            ports: ports,
            publishNotReadyAddresses: publishNotReadyAddresses
        )
    }

    private func slice(
        family: AddressFamily = .ipv4,
        ports: [EndpointPort] = [EndpointPort(port: 8080)],
        _ endpoints: [(String, EndpointConditions)]
    ) throws -> EndpointSlice {
        EndpointSlice(
            name: ObjectName(namespace: "default", name: "web-\(family)"),
            service: Self.name,
            family: family,
            ports: ports,
            endpoints: try endpoints.map {
                Endpoint(address: try IPAddress($0.0), conditions: $0.1)
            }
        )
    }

    /// One line for each frontend: `default/web:http 10.96.0.1:80/TCP → 10.244.0.1:8080`.
    private func lines(_ view: ServiceView) -> [String] {
        view.routed(by: Self.policy).frontends.map { frontend in
            #expect(frontend.inside == frontend.outside)
            return "\(frontend.service) \(frontend.key) → \(text(of: frontend.inside))"
        }
    }

    private func text(of target: Target) -> String {
        switch target {
        case .balance(let backends): backends.map { "\($0.address)" }.joined(separator: " ")
        case .reject: "reject"
        case .drop: "drop"
        }
    }

    @Test func givesEachAddressAndPortAFrontendOfItsOwn() throws {
        let view = ServiceView(
            service: try service(
                ["10.96.0.1", "fd00:10:96::1"],
                ports: [
                    ServicePort(name: "http", port: 80),
                    ServicePort(name: "dns", transport: .udp, port: 53),
                    ServicePort(name: "dns-tcp", transport: .tcp, port: 53),
                ]
            ),
            slices: [
                try slice(
                    ports: [
                        EndpointPort(name: "http", port: 8080),
                        EndpointPort(name: "dns", transport: .udp, port: 5353),
                    ],
                    [("10.244.0.2", .ready), ("10.244.0.1", .ready)]
                ),
                try slice(
                    family: .ipv6,
                    ports: [EndpointPort(name: "dns-tcp", port: 5353)],
                    [("fd00:10:244::1", .ready)]
                ),
            ]
        )
        #expect(
            lines(view) == [
                "default/web:http 10.96.0.1:80/TCP → 10.244.0.1:8080 10.244.0.2:8080",
                "default/web:dns 10.96.0.1:53/UDP → 10.244.0.1:5353 10.244.0.2:5353",
                "default/web:dns-tcp 10.96.0.1:53/TCP → reject",
                "default/web:http [fd00:10:96::1]:80/TCP → reject",
                "default/web:dns [fd00:10:96::1]:53/UDP → reject",
                "default/web:dns-tcp [fd00:10:96::1]:53/TCP → [fd00:10:244::1]:5353",
            ]
        )
    }

    @Test func namesAnUnnamedPortByItsServiceAlone() throws {
        let view = ServiceView(
            service: try service(),
            slices: [try slice([("10.244.0.1", .ready)])]
        )
        #expect(lines(view) == ["default/web 10.96.0.1:80/TCP → 10.244.0.1:8080"])
    }

    @Test(arguments: [
        Service.Reachability.headless, .externalName, .clusterIPs([]),
    ])
    func hasNoFrontendWithoutAnAddress(_ reachability: Service.Reachability) throws {
        let service = Service(
            name: Self.name,
            reachability: reachability,
            ports: [ServicePort(port: 80)]
        )
        let view = ServiceView(service: service, slices: [try slice([("10.244.0.1", .ready)])])
        #expect(view.routed(by: Self.policy).frontends.isEmpty)
    }

    @Test func hasNoFrontendWithoutAPort() throws {
        let view = ServiceView(service: try service(ports: []), slices: [])
        #expect(view.routed(by: Self.policy).frontends.isEmpty)
    }

    struct Choice: CustomTestStringConvertible {
        let name: String
        let endpoints: [EndpointConditions]
        var publishNotReadyAddresses = false
        /// The last numbers of the endpoints that take traffic, counted from 1; empty is a refusal.
        let chosen: [Int]

        var testDescription: String { name }
    }

    @Test(arguments: [
        Choice(name: "nobody", endpoints: [], chosen: []),
        Choice(name: "all ready", endpoints: [.ready, .ready], chosen: [1, 2]),
        Choice(
            name: "ready before not ready",
            endpoints: [.ready, .notReady, .ready],
            chosen: [1, 3]
        ),
        Choice(
            name: "ready before leaving",
            endpoints: [[.isServing, .isTerminating], .ready],
            chosen: [2]
        ),
        Choice(
            name: "leaving while nobody is ready",
            endpoints: [[.isServing, .isTerminating], .notReady, [.isServing, .isTerminating]],
            chosen: [1, 3]
        ),
        Choice(
            name: "leaving and silent",
            endpoints: [[.isTerminating], .notReady],
            chosen: []
        ),
        Choice(name: "serving and not leaving, yet not ready", endpoints: [.isServing], chosen: []),
        Choice(
            name: "ready although it leaves",
            endpoints: [[.isReady, .isServing, .isTerminating]],
            chosen: [1]
        ),
        Choice(name: "ready although it does not serve", endpoints: [.isReady], chosen: [1]),
        Choice(
            name: "published while not ready",
            endpoints: [.notReady, .ready, [.isTerminating]],
            publishNotReadyAddresses: true,
            chosen: [1, 2, 3]
        ),
        Choice(
            name: "nobody to publish",
            endpoints: [],
            publishNotReadyAddresses: true,
            chosen: []
        ),
    ])
    func choosesEndpointsByTheirConditions(_ choice: Choice) throws {
        let endpoints = choice.endpoints.enumerated().map {
            ("10.244.0.\($0.offset + 1)", $0.element)
        }
        let view = ServiceView(
            service: try service(publishNotReadyAddresses: choice.publishNotReadyAddresses),
            slices: [try slice(endpoints)]
        )
        let expected =
            choice.chosen.isEmpty
            ? "reject" : choice.chosen.map { "10.244.0.\($0):8080" }.joined(separator: " ")
        #expect(lines(view) == ["default/web 10.96.0.1:80/TCP → \(expected)"])
    }

    /// A family, or a port, falls back on its own.
    @Test func fallsBackForEachFamilyAndPortAlone() throws {
        let view = ServiceView(
            service: try service(["10.96.0.1", "fd00:10:96::1"]),
            slices: [
                try slice([("10.244.0.1", .ready), ("10.244.0.2", [.isServing, .isTerminating])]),
                try slice(family: .ipv6, [("fd00:10:244::1", [.isServing, .isTerminating])]),
            ]
        )
        #expect(
            lines(view) == [
                "default/web 10.96.0.1:80/TCP → 10.244.0.1:8080",
                "default/web [fd00:10:96::1]:80/TCP → [fd00:10:244::1]:8080",
            ]
        )
    }

    @Test func handsOnWhatTheServiceSays() throws {
        let service = Service(
            name: Self.name,
            reachability: .clusterIPs([try IPAddress("10.96.0.1")]),
            ports: [ServicePort(port: 80)],
            sessionAffinity: .clientIP(timeout: 60),
            creationTime: 1_700_000_000,
            annotations: [Service.schedulerAnnotation: "sh"]
        )
        let frontend = try #require(
            ServiceView(service: service, slices: []).routed(by: Self.policy).frontends.first
        )
        #expect(frontend.affinity == .clientIP(timeout: 60))
        #expect(frontend.creationTime == 1_700_000_000)
        #expect(frontend.scheduler == SchedulerRequest(name: "sh"))
    }

    @Test func sortsKeysByAddressPortAndProtocol() throws {
        let keys = try [
            ("10.96.0.1", 53, TransportProtocol.tcp), ("10.96.0.1", 53, .udp),
            ("10.96.0.1", 80, .tcp), ("10.96.0.2", 1, .tcp), ("fd00::1", 1, .tcp),
        ].map { FrontendKey(SocketEndpoint(try IPAddress($0.0), $0.1), $0.2) }
        #expect(keys.reversed().sorted() == keys)
        let names = [("a", ""), ("a", "http"), ("b", "")].map {
            ServicePortName(
                service: ObjectName(namespace: "default", name: $0.0),
                port: $0.1
            )
        }
        #expect(names.reversed().sorted() == names)
    }
}
