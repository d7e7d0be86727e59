import Addressing
import ServiceModel
import Testing

@Suite struct ServiceViewTests {
    private let http = ServicePort(name: "http", port: 80)
    private let dns = ServicePort(name: "dns", transport: .udp, port: 53)
    private let dnsOverTCP = ServicePort(name: "dns", transport: .tcp, port: 53)

    private func slice(
        _ name: String,
        _ family: AddressFamily = .ipv4,
        ports: [EndpointPort],
        _ endpoints: [Endpoint]
    ) -> EndpointSlice {
        EndpointSlice(
            name: ObjectName(name),
            service: ObjectName("web"),
            family: family,
            ports: ports,
            endpoints: endpoints
        )
    }

    private func view(_ slices: [EndpointSlice]) -> ServiceView {
        ServiceView(
            service: Service(
                name: ObjectName("web"),
                reachability: .clusterIPs([]),
                ports: [http, dns, dnsOverTCP]
            ),
            slices: slices
        )
    }

    private func addresses(
        _ view: ServiceView,
        _ port: ServicePort,
        _ family: AddressFamily = .ipv4
    ) -> [String] {
        view.endpoints(of: port, family: family).map(\.address.description)
    }

    private func endpoint(
        _ text: String,
        _ conditions: EndpointConditions = .ready,
        nodeName: String? = nil
    ) throws -> Endpoint {
        Endpoint(address: try IPAddress(text), conditions: conditions, nodeName: nodeName)
    }

    @Test func mergesSlicesAndSortsByAddressAndPort() throws {
        let view = view([
            slice(
                "a",
                ports: [EndpointPort(name: "http", port: 8080)],
                [try endpoint("10.0.0.10"), try endpoint("10.0.0.9")]
            ),
            slice(
                "b",
                ports: [EndpointPort(name: "http", port: 9090)],
                [try endpoint("9.0.0.1"), try endpoint("10.0.0.9")]
            ),
            slice("c", ports: [EndpointPort(name: "http", port: 8080)], []),
        ])
        #expect(
            addresses(view, http)
                == ["9.0.0.1:9090", "10.0.0.9:8080", "10.0.0.9:9090", "10.0.0.10:8080"]
        )
    }

    @Test func matchesPortsByNameAndProtocolAndNotByNumber() throws {
        let view = view([
            slice(
                "a",
                ports: [
                    EndpointPort(name: "http", port: 53),
                    EndpointPort(name: "dns", transport: .udp, port: 5353),
                    EndpointPort(name: "dns", transport: .tcp, port: 5354),
                    EndpointPort(name: "", port: 80),
                    EndpointPort(name: "metrics", port: 9100),
                ],
                [try endpoint("10.0.0.1")]
            )
        ])
        #expect(addresses(view, http) == ["10.0.0.1:53"])
        #expect(addresses(view, dns) == ["10.0.0.1:5353"])
        #expect(addresses(view, dnsOverTCP) == ["10.0.0.1:5354"])
        #expect(addresses(view, ServicePort(port: 80)) == ["10.0.0.1:80"])
        #expect(addresses(view, ServicePort(name: "none", port: 80)) == [])
        #expect(addresses(view, ServicePort(name: "dns", transport: .sctp, port: 53)) == [])
    }

    @Test func keepsFamiliesApart() throws {
        let ports = [EndpointPort(name: "http", port: 8080)]
        let view = view([
            slice("a", .ipv4, ports: ports, [try endpoint("10.0.0.1")]),
            slice("b", .ipv6, ports: ports, [try endpoint("fd00::2"), try endpoint("fd00::1")]),
        ])
        #expect(addresses(view, http, .ipv4) == ["10.0.0.1:8080"])
        #expect(addresses(view, http, .ipv6) == ["[fd00::1]:8080", "[fd00::2]:8080"])
    }

    @Test func hasNoEndpointsWithoutSlices() {
        #expect(addresses(view([]), http) == [])
    }

    @Test func takesAnAddressTwiceInOneSliceOnce() throws {
        let ports = [
            EndpointPort(name: "http", port: 8080), EndpointPort(name: "http", port: 8080),
        ]
        let view = view([
            slice("a", ports: ports, [try endpoint("10.0.0.1"), try endpoint("10.0.0.1")])
        ])
        #expect(addresses(view, http) == ["10.0.0.1:8080"])
    }

    /// What an endpoint promises, from most to least.
    static let ranks: [EndpointConditions] = [
        .ready,
        [.isReady, .isServing, .isTerminating],
        [.isReady],
        [.isReady, .isTerminating],
        [.isServing],
        [.isServing, .isTerminating],
        .notReady,
        [.isTerminating],
    ]

    @Test(arguments: ranks.indices, ranks.indices)
    func believesTheEntryThatPromisesMost(first: Int, second: Int) throws {
        let ports = [EndpointPort(name: "http", port: 8080)]
        let view = view([
            slice("a", ports: ports, [try endpoint("10.0.0.1", Self.ranks[first])]),
            slice("b", ports: ports, [try endpoint("10.0.0.1", Self.ranks[second])]),
        ])
        let found = view.endpoints(of: http, family: .ipv4)
        #expect(found.map(\.endpoint.conditions) == [Self.ranks[min(first, second)]])
    }

    @Test func decidesBetweenEqualPromisesByNode() throws {
        let ports = [EndpointPort(name: "http", port: 8080)]
        let entries = [
            try endpoint("10.0.0.1"), try endpoint("10.0.0.1", nodeName: "b"),
            try endpoint("10.0.0.1", nodeName: "a"),
        ]
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let view = view(
                order.enumerated().map { place, entry in
                    slice("\(place)", ports: ports, [entries[entry]])
                }
            )
            #expect(
                view.endpoints(of: http, family: .ipv4).map(\.endpoint.nodeName) == ["a"]
            )
        }
    }

    struct Condition: CustomTestStringConvertible {
        let ready: Bool?
        let serving: Bool?
        let terminating: Bool?
        let conditions: EndpointConditions

        var testDescription: String {
            "ready \(text(ready)), serving \(text(serving)), terminating \(text(terminating))"
        }

        private func text(_ value: Bool?) -> String { value.map { "\($0)" } ?? "left out" }
    }

    @Test(arguments: [
        Condition(ready: nil, serving: nil, terminating: nil, conditions: .ready),
        Condition(ready: true, serving: nil, terminating: nil, conditions: .ready),
        Condition(ready: false, serving: nil, terminating: nil, conditions: .notReady),
        Condition(ready: nil, serving: false, terminating: nil, conditions: [.isReady]),
        Condition(ready: true, serving: false, terminating: false, conditions: [.isReady]),
        Condition(
            ready: false,
            serving: true,
            terminating: true,
            conditions: [.isServing, .isTerminating]
        ),
        Condition(ready: false, serving: nil, terminating: true, conditions: [.isTerminating]),
        Condition(
            ready: nil,
            serving: nil,
            terminating: true,
            conditions: [.isReady, .isServing, .isTerminating]
        ),
    ])
    func fillsInConditionsThatWereLeftOut(_ condition: Condition) {
        let filled = EndpointConditions(
            ready: condition.ready,
            serving: condition.serving,
            terminating: condition.terminating
        )
        #expect(filled == condition.conditions)
    }
}
