import Addressing
import ServiceModel
import Testing

@Suite struct ServiceTableTests {
    /// One change, and what it does to a table that has taken in all the steps before it.
    struct Step {
        let story: String
        let change: ClusterChange
        let touches: [String]
        /// The endpoints of `web` behind it; nil when there is no such Service.
        let web: [String]?

        init(_ story: String, _ change: ClusterChange, touches: [String], web: [String]?) {
            self.story = story
            self.change = change
            self.touches = touches
            self.web = web
        }
    }

    struct Story: CustomTestStringConvertible {
        let title: String
        let steps: [Step]

        var testDescription: String { title }
    }

    private static let one = "10.244.0.1:8080"
    private static let two = "10.244.0.2:8080"
    private static let three = "10.244.0.3:8080"

    static let stories = [
        Story(
            title: "a Service",
            steps: [
                Step("comes", .service(Service("web")), touches: ["web"], web: []),
                Step("is said again", .service(Service("web")), touches: [], web: []),
                Step(
                    "changes its address",
                    .service(Service("web", host: 2)),
                    touches: ["web"],
                    web: []
                ),
                Step(
                    "changes its port",
                    .service(Service("web", host: 2, port: 443)),
                    touches: ["web"],
                    web: []
                ),
                Step("another comes", .service(Service("api")), touches: ["api"], web: []),
                Step("goes", .serviceRemoved(ObjectName("web")), touches: ["web"], web: nil),
                Step("goes again", .serviceRemoved(ObjectName("web")), touches: [], web: nil),
                Step(
                    "that never was goes",
                    .serviceRemoved(ObjectName("none")),
                    touches: [],
                    web: nil
                ),
            ]
        ),
        Story(
            title: "slices",
            steps: [
                Step(
                    "a slice comes before its Service",
                    .endpointSlice(EndpointSlice("web-a", of: "web", hosts: [1])),
                    touches: ["web"],
                    web: nil
                ),
                Step("the Service comes", .service(Service("web")), touches: ["web"], web: [one]),
                Step(
                    "the slice is said again",
                    .endpointSlice(EndpointSlice("web-a", of: "web", hosts: [1])),
                    touches: [],
                    web: [one]
                ),
                Step(
                    "a second one comes",
                    .endpointSlice(EndpointSlice("web-b", of: "web", hosts: [3])),
                    touches: ["web"],
                    web: [one, three]
                ),
                Step(
                    "the first grows",
                    .endpointSlice(EndpointSlice("web-a", of: "web", hosts: [2, 1])),
                    touches: ["web"],
                    web: [one, two, three]
                ),
                Step(
                    "the second is said again",
                    .endpointSlice(EndpointSlice("web-b", of: "web", hosts: [3])),
                    touches: [],
                    web: [one, two, three]
                ),
                Step(
                    "the Service goes",
                    .serviceRemoved(ObjectName("web")),
                    touches: ["web"],
                    web: nil
                ),
                Step(
                    "the Service comes back and still has its slices",
                    .service(Service("web")),
                    touches: ["web"],
                    web: [one, two, three]
                ),
                Step(
                    "the first goes",
                    .endpointSliceRemoved(ObjectName("web-a")),
                    touches: ["web"],
                    web: [three]
                ),
                Step(
                    "the first goes again",
                    .endpointSliceRemoved(ObjectName("web-a")),
                    touches: [],
                    web: [three]
                ),
                Step(
                    "the second empties",
                    .endpointSlice(EndpointSlice("web-b", of: "web")),
                    touches: ["web"],
                    web: []
                ),
                Step(
                    "the second goes",
                    .endpointSliceRemoved(ObjectName("web-b")),
                    touches: ["web"],
                    web: []
                ),
                Step(
                    "the first comes back",
                    .endpointSlice(EndpointSlice("web-a", of: "web", hosts: [1])),
                    touches: ["web"],
                    web: [one]
                ),
            ]
        ),
        Story(
            title: "a slice moves between Services",
            steps: [
                Step("web comes", .service(Service("web")), touches: ["web"], web: []),
                Step("api comes", .service(Service("api")), touches: ["api"], web: []),
                Step(
                    "web gets a slice",
                    .endpointSlice(EndpointSlice("s", of: "web", hosts: [1])),
                    touches: ["web"],
                    web: [one]
                ),
                Step(
                    "it moves to api unchanged",
                    .endpointSlice(EndpointSlice("s", of: "api", hosts: [1])),
                    touches: ["web", "api"],
                    web: []
                ),
                Step(
                    "it is said again",
                    .endpointSlice(EndpointSlice("s", of: "api", hosts: [1])),
                    touches: [],
                    web: []
                ),
                Step(
                    "it moves to a Service that does not exist",
                    .endpointSlice(EndpointSlice("s", of: "none", hosts: [1])),
                    touches: ["api", "none"],
                    web: []
                ),
                Step(
                    "it moves back with other endpoints",
                    .endpointSlice(EndpointSlice("s", of: "web", hosts: [2])),
                    touches: ["none", "web"],
                    web: [two]
                ),
                Step(
                    "it goes",
                    .endpointSliceRemoved(ObjectName("s")),
                    touches: ["web"],
                    web: []
                ),
            ]
        ),
        Story(
            title: "Endpoints count while there is no slice",
            steps: [
                Step("web comes", .service(Service("web")), touches: ["web"], web: []),
                Step(
                    "Endpoints come",
                    endpoints("web", [1]),
                    touches: ["web"],
                    web: [one]
                ),
                Step("they are said again", endpoints("web", [1]), touches: [], web: [one]),
                Step("they change", endpoints("web", [1, 2]), touches: ["web"], web: [one, two]),
                Step(
                    "a slice comes and takes their place",
                    .endpointSlice(EndpointSlice("web-a", of: "web", hosts: [3])),
                    touches: ["web"],
                    web: [three]
                ),
                Step(
                    "they change unseen",
                    endpoints("web", [1]),
                    touches: [],
                    web: [three]
                ),
                Step(
                    "the slice moves away and they count again",
                    .endpointSlice(EndpointSlice("web-a", of: "api", hosts: [3])),
                    touches: ["web", "api"],
                    web: [one]
                ),
                Step(
                    "the slice comes back empty, and an empty slice is a slice",
                    .endpointSlice(EndpointSlice("web-a", of: "web")),
                    touches: ["api", "web"],
                    web: []
                ),
                Step(
                    "they go unseen",
                    .endpointsRemoved(ObjectName("web")),
                    touches: [],
                    web: []
                ),
                Step("they come back unseen", endpoints("web", [2]), touches: [], web: []),
                Step(
                    "the slice goes and they count again",
                    .endpointSliceRemoved(ObjectName("web-a")),
                    touches: ["web"],
                    web: [two]
                ),
                Step(
                    "they go",
                    .endpointsRemoved(ObjectName("web")),
                    touches: ["web"],
                    web: []
                ),
                Step(
                    "they go again",
                    .endpointsRemoved(ObjectName("web")),
                    touches: [],
                    web: []
                ),
            ]
        ),
    ]

    private static func endpoints(_ name: String, _ hosts: [UInt32]) -> ClusterChange {
        .endpoints(ObjectName(name), [EndpointSlice(name, of: name, hosts: hosts)])
    }

    @Test(arguments: stories)
    func touchesTheServicesWhosePictureChanged(_ story: Story) {
        var table = ServiceTable()
        for step in story.steps {
            #expect(table.touched(by: step.change) == step.touches, "\(step.story)")
            #expect(table.endpoints(of: "web") == step.web, "\(step.story)")
        }
    }

    @Test(arguments: stories)
    func isTouchedByNoRepetition(_ story: Story) {
        var table = ServiceTable()
        for step in story.steps {
            _ = table.touched(by: step.change)
            #expect(table.touched(by: step.change).isEmpty, "\(step.story)")
            #expect(table.endpoints(of: "web") == step.web, "\(step.story)")
        }
    }

    @Test func knowsItsServicesByNameAndNumber() {
        var table = ServiceTable()
        table.reserveCapacity(services: 10, slices: 10)
        #expect(table.serviceNames.isEmpty)
        #expect(table.view(of: ObjectName("web")) == nil)
        _ = table.touched(by: .service(Service("web")))
        _ = table.touched(by: .service(Service("api")))
        _ = table.touched(by: .endpointSlice(EndpointSlice("s", of: "none", hosts: [1])))
        #expect(table.serviceCount == 2)
        #expect(table.serviceNames.sorted() == [ObjectName("api"), ObjectName("web")])
    }

    @Test func keepsNamespacesApart() {
        var table = ServiceTable()
        let other = ObjectName(namespace: "other", name: "s")
        _ = table.touched(by: .service(Service("web")))
        _ = table.touched(by: .endpointSlice(EndpointSlice("s", of: "web", hosts: [1])))
        let slice = EndpointSlice(
            name: other,
            service: ObjectName(namespace: "other", name: "web"),
            family: .ipv4,
            ports: [EndpointPort(port: 8080)],
            endpoints: []
        )
        _ = table.touched(by: .endpointSlice(slice))
        #expect(table.endpoints(of: "web") == [Self.one])
        _ = table.touched(by: .endpointSliceRemoved(other))
        #expect(table.endpoints(of: "web") == [Self.one])
        _ = table.touched(by: .serviceRemoved(ObjectName(namespace: "other", name: "web")))
        #expect(table.endpoints(of: "web") == [Self.one])
    }

    @Test func seesAChangeOfEveryFieldOfAService() {
        let name = ObjectName("web")
        let address = IPAddress.ipv4(0x0a60_0001)
        let port = ServicePort(port: 80)
        let plain = Service(name: name, reachability: .clusterIPs([address]), ports: [port])
        let others = [
            Service(name: name, reachability: .headless, ports: [port]),
            Service(name: name, reachability: .externalName, ports: [port]),
            Service(
                name: name,
                reachability: .clusterIPs([address, .ipv6(high: 0, low: 1)]),
                ports: [port]
            ),
            Service(
                name: name,
                reachability: .clusterIPs([address]),
                ports: [ServicePort(name: "http", port: 80)]
            ),
            Service(
                name: name,
                reachability: .clusterIPs([address]),
                ports: [ServicePort(transport: .udp, port: 80)]
            ),
            Service(
                name: name,
                reachability: .clusterIPs([address]),
                ports: [port],
                sessionAffinity: .clientIP(timeout: Service.defaultAffinityTimeout)
            ),
            Service(
                name: name,
                reachability: .clusterIPs([address]),
                ports: [port],
                publishNotReadyAddresses: true
            ),
            Service(
                name: name,
                reachability: .clusterIPs([address]),
                ports: [port],
                creationTime: 0
            ),
            Service(
                name: name,
                reachability: .clusterIPs([address]),
                ports: [port],
                annotations: ["scheduler": "mh"]
            ),
        ]
        for other in others {
            var table = ServiceTable()
            _ = table.touched(by: .service(plain))
            #expect(table.touched(by: .service(other)) == ["web"])
            #expect(table.touched(by: .service(plain)) == ["web"])
            #expect(table.view(of: name)?.service == plain)
        }
    }
}
