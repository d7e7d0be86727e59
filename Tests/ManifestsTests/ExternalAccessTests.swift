import Addressing
import Manifests
import ServiceModel
import Testing

/// What a Service has for clients outside, and what is left aside of it.
@Suite struct ExternalAccessTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let spec: String
        let access: ExternalAccess
        let problems: [String]

        init(_ spec: String, _ access: ExternalAccess = ExternalAccess(), _ problems: String...) {
            self.spec = spec
            self.access = access
            self.problems = problems
        }

        var testDescription: String { spec }
    }

    private static func access(
        _ policy: TrafficPolicy = .cluster,
        _ addresses: [IPAddress] = [],
        loadBalancer: [IPAddress] = [],
        ranges: [IPPrefix]? = nil,
        healthCheck: UInt16? = nil
    ) -> ExternalAccess {
        var access = ExternalAccess()
        access.policy = policy
        access.addresses = addresses
        access.loadBalancerAddresses = loadBalancer
        access.sourceRanges = ranges
        access.healthCheckNodePort = healthCheck
        return access
    }

    private static let first = IPAddress.ipv4(0xc633_6401)
    private static let second = IPAddress.ipv4(0xc633_6402)
    private static let sixth = IPAddress.ipv6(high: 0x2001_0db8 << 32, low: 6)
    private static let ten = IPPrefix(holding: .ipv4(0x0a00_0000), length: 8)

    /// Services with the cluster IP 10.0.0.1 and port 80, unless they say otherwise.
    static let cases: [Case] = [
        // Policies
        Case("externalTrafficPolicy: Local"),
        Case("externalTrafficPolicy: nonsense"),
        Case("type: NodePort, externalTrafficPolicy: Local", access(.local)),
        Case("type: NodePort, externalTrafficPolicy: ''", access(.cluster)),
        Case("type: LoadBalancer, externalTrafficPolicy: Local", access(.local)),
        Case(
            "externalTrafficPolicy: Local, externalIPs: [198.51.100.1]",
            access(.local, [first])
        ),
        // Health check ports
        Case(
            "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 30000",
            access(.local, healthCheck: 30_000)
        ),
        Case(
            "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 0",
            access(.local)
        ),
        Case("type: LoadBalancer, healthCheckNodePort: 30000"),
        Case(
            "type: NodePort, externalTrafficPolicy: Local, healthCheckNodePort: 99999",
            access(.local)
        ),
        // External addresses
        Case("externalIPs: []"),
        Case("clusterIP: None, externalIPs: [198.51.100.1, x]"),
        Case("type: ExternalName, externalIPs: [198.51.100.1, x], externalTrafficPolicy: x"),
        Case(
            "externalIPs: [198.51.100.1, x, 198.51.100.2]",
            access(.cluster, [first, second]),
            "spec.externalIPs[1]: \"x\" is not an IPv4 or IPv6 address"
        ),
        Case(
            "externalIPs: [198.51.100.01]",
            access(.cluster, [first])
        ),
        Case(
            "externalIPs: [127.0.0.1, 0.0.0.0, 224.0.0.1, 169.254.0.1, 'fe80::1%eth0']",
            access(),
            "spec.externalIPs[0]: 127.0.0.1 is a loopback address, which no Service can have",
            "spec.externalIPs[1]: 0.0.0.0 is the unspecified address, which no Service can have",
            "spec.externalIPs[2]: 224.0.0.1 is a multicast address, which no Service can have",
            "spec.externalIPs[3]: 169.254.0.1 is a link-local address, which no Service can have",
            "spec.externalIPs[4]: \"fe80::1%eth0\" carries a zone; write the address without what "
                + "follows \"%\""
        ),
        Case(
            "externalIPs: [198.51.100.1, 198.51.100.2, 198.51.100.1]",
            access(.cluster, [first, second]),
            "spec.externalIPs[2]: 198.51.100.1 is there already"
        ),
        Case(
            "externalIPs: ['2001:db8::6', 198.51.100.1]",
            access(.cluster, [first]),
            "spec.externalIPs[0]: 2001:db8::6 is an IPv6 address, and the Service has no clusterIP "
                + "of that family"
        ),
        Case(
            "clusterIPs: [10.0.0.1, 'fd00::1'], externalIPs: ['2001:db8::6', 198.51.100.1]",
            access(.cluster, [sixth, first])
        ),
        // Source ranges
        Case("loadBalancerSourceRanges: [10.0.0.0/8]"),
        Case("type: NodePort, loadBalancerSourceRanges: [x]"),
        Case("type: LoadBalancer, loadBalancerSourceRanges: []", access(ranges: nil)),
        Case("type: LoadBalancer, loadBalancerSourceRanges: null", access(ranges: nil)),
        Case(
            "type: LoadBalancer, loadBalancerSourceRanges: [\" 10.0.0.0/8\\t\", '2001:db8::6/128']",
            access(ranges: [ten, IPPrefix(holding: sixth, length: 128)])
        ),
        Case(
            "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.1/8, 10.0.0.0/8]",
            access(ranges: [ten])
        ),
        Case(
            "type: LoadBalancer, loadBalancerSourceRanges: [0.0.0.0/0, 169.254.0.0/16]",
            access(ranges: [
                IPPrefix(holding: .ipv4(0), length: 0),
                IPPrefix(holding: .ipv4(0xa9fe_0000), length: 16),
            ])
        ),
        Case(
            "type: LoadBalancer, loadBalancerSourceRanges: ['', 10.0.0.1, 10.0.0.0/08]",
            access(ranges: []),
            "spec.loadBalancerSourceRanges[0]: \"\" is not a prefix such as 10.0.0.0/8 or fd00::/8",
            "spec.loadBalancerSourceRanges[1]: \"10.0.0.1\" is not a prefix such as 10.0.0.0/8 or "
                + "fd00::/8",
            "spec.loadBalancerSourceRanges[2]: \"10.0.0.0/08\" has a number with a leading zero, "
                + "which some programs read as octal; write it without the zero"
        ),
        Case(
            "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/33, 10.0.0.0/8]",
            access(ranges: [ten]),
            "spec.loadBalancerSourceRanges[0]: \"10.0.0.0/33\" has a prefix length outside 0…32"
        ),
        Case(
            "type: LoadBalancer, loadBalancerSourceRanges: [0.0.0.0/32, 127.0.0.0/8, '::1/128', "
                + "224.0.0.0/4, 'ff00::/8', '::ffff:10.0.0.0/104']",
            access(ranges: []),
            "spec.loadBalancerSourceRanges[0]: 0.0.0.0/32 is the unspecified address, from which "
                + "nothing comes",
            "spec.loadBalancerSourceRanges[1]: 127.0.0.0/8 is for loopback, from which nothing "
                + "comes over a network",
            "spec.loadBalancerSourceRanges[2]: ::1/128 is for loopback, from which nothing comes "
                + "over a network",
            "spec.loadBalancerSourceRanges[3]: 224.0.0.0/4 is for multicast, from which nothing "
                + "comes",
            "spec.loadBalancerSourceRanges[4]: ff00::/8 is for multicast, from which nothing comes",
            "spec.loadBalancerSourceRanges[5]: ::ffff:10.0.0.0/104 is an IPv4 range written as "
                + "IPv6; write it as IPv4"
        ),
    ]

    @Test(arguments: cases)
    func aServiceHasForClientsOutside(_ wanted: Case) throws {
        try expect("metadata: {name: web}", spec: wanted.spec, has: wanted)
    }

    /// What the older annotation says, beside the `spec`.
    static let annotations: [(String, Case)] = [
        ("10.0.0.0/8", Case("type: NodePort")),
        ("10.0.0.0/8", Case("type: LoadBalancer", access(ranges: [ten]))),
        (
            "' 10.0.0.1/8 , 2001:db8::6/128 '",
            Case(
                "type: LoadBalancer",
                access(ranges: [ten, IPPrefix(holding: sixth, length: 128)])
            )
        ),
        ("' '", Case("type: LoadBalancer")),
        ("null", Case("type: LoadBalancer")),
        (
            "192.0.2.0/24",
            Case(
                "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]",
                access(ranges: [ten])
            )
        ),
        (
            "192.0.2.0/24",
            Case(
                "type: LoadBalancer, loadBalancerSourceRanges: [x]",
                access(ranges: []),
                "spec.loadBalancerSourceRanges[0]: \"x\" is not a prefix such as 10.0.0.0/8 or "
                    + "fd00::/8"
            )
        ),
        (
            "'10.0.0.0/8,'",
            Case(
                "type: LoadBalancer, loadBalancerSourceRanges: []",
                access(ranges: [ten]),
                "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: \"\" "
                    + "is not a prefix such as 10.0.0.0/8 or fd00::/8"
            )
        ),
    ]

    @Test(arguments: annotations)
    func sourceRangesCanBeInAnAnnotation(_ annotation: String, _ wanted: Case) throws {
        try expect(
            "metadata: {name: web, annotations: "
                + "{service.beta.kubernetes.io/load-balancer-source-ranges: \(annotation)}}",
            spec: wanted.spec,
            has: wanted
        )
    }

    /// The list of `status.loadBalancer.ingress`, what comes of it, and the notices.
    static let ingress: [(Case, [String])] = [
        (Case("[]"), []),
        (Case("[{ip: 198.51.100.1}]", access(loadBalancer: [first])), []),
        (
            Case(
                "[{ip: 198.51.100.2, ipMode: VIP, hostname: a}, {ip: 198.51.100.1}, "
                    + "{ip: 198.51.100.2}]",
                access(loadBalancer: [second, first])
            ),
            []
        ),
        (
            Case("[{ip: x, ipMode: Proxy}, {ip: '', hostname: lb.example.com}]"),
            [
                "leaves x in status.loadBalancer.ingress[0].ip to its load balancer, which ends "
                    + "connections itself (ipMode: Proxy)",
                "has a load balancer by the name \"lb.example.com\" in "
                    + "status.loadBalancer.ingress[1]; such a load balancer sends to node ports, "
                    + "and nothing is to be done here",
            ]
        ),
        (
            Case(
                "[{ip: x}, {ip: '2001:db8::6'}, {ip: 127.0.0.1}, {}, {ip: 198.51.100.2, ipMode: "
                    + "vip}, {ip: 198.51.100.1}]",
                access(loadBalancer: [first]),
                "status.loadBalancer.ingress[0].ip: \"x\" is not an IPv4 or IPv6 address",
                "status.loadBalancer.ingress[1].ip: 2001:db8::6 is an IPv6 address, and the "
                    + "Service has no clusterIP of that family",
                "status.loadBalancer.ingress[2].ip: 127.0.0.1 is a loopback address, which no "
                    + "Service can have",
                "status.loadBalancer.ingress[3].ip: is missing; an address belongs here, or a name "
                    + "in hostname",
                "status.loadBalancer.ingress[4].ipMode: \"vip\" is not VIP or Proxy"
            ),
            []
        ),
    ]

    @Test(arguments: ingress)
    func aLoadBalancerThatLeavesPacketsUnchangedIsServed(
        _ wanted: Case,
        _ notices: [String]
    ) throws {
        let status = "status: {loadBalancer: {ingress: \(wanted.spec)}}"
        let object = try expect(
            "metadata: {name: web}, \(status)",
            spec: "type: LoadBalancer",
            has: wanted
        )
        #expect(object.notices == notices.map { "Service default/web " + $0 })
        let other = try expect(
            "metadata: {name: web}, \(status)",
            spec: "type: NodePort",
            has: Case("")
        )
        #expect(other.notices.isEmpty)
    }

    @discardableResult
    private func expect(
        _ fields: String,
        spec: String,
        has wanted: Case,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> DecodedObject {
        let address = spec.contains("clusterIP") ? "" : "clusterIP: 10.0.0.1, "
        let decoded = ManifestFile.decode(
            "---\n{kind: Service, apiVersion: v1, \(fields), spec: "
                + "{\(address)ports: [{port: 80}], \(spec)}}",
            fileName: "web.yaml"
        )
        #expect(decoded.problems.isEmpty, sourceLocation: sourceLocation)
        let object = try #require(decoded.entries.first).object
        #expect(
            object.problems.map(\.description)
                == wanted.problems.map { "Service default/web: \($0)" },
            sourceLocation: sourceLocation
        )
        guard case .service(let service)? = object.change else {
            Issue.record("it is refused", sourceLocation: sourceLocation)
            return object
        }
        #expect(service.external == wanted.access, sourceLocation: sourceLocation)
        return object
    }
}
