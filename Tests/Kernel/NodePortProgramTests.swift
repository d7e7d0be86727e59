import Addressing
import NetworkLab
import Testing

/// The program on a node with pods: what needs more than the kernel's virtual servers.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct NodePortProgramTests {
    private static let manifest = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: LoadBalancer
          clusterIPs: [10.96.0.1, "fd00:10:96::1"]
          externalTrafficPolicy: Local
          healthCheckNodePort: 32100
          ports:
          - {name: http, port: 80, nodePort: 30080}
          - {name: dns, port: 53, protocol: UDP, nodePort: 30053}
        status:
          loadBalancer: {ingress: [{ip: 203.0.113.7}]}
        ---
        \(slice("IPv4", ["10.244.1.2", "10.244.2.2"]))
        ---
        \(slice("IPv6", ["fd00:10:244:1::2", "fd00:10:244:2::2"]))
        ---
        apiVersion: v1
        kind: Node
        metadata: {name: node-a, labels: {topology.kubernetes.io/zone: zone-1}}

        """

    /// Endpoints of which the first is on this node.
    private static func slice(_ family: String, _ addresses: [String]) -> String {
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata:
          name: web-\(family.lowercased())
          labels: {kubernetes.io/service-name: web}
        addressType: \(family)
        ports:
        - {name: http, port: 8080}
        - {name: dns, port: 8080, protocol: UDP}
        endpoints:
        - {addresses: ["\(addresses[0])"], nodeName: node-a}
        - {addresses: ["\(addresses[1])"], nodeName: node-b}
        """
    }

    /// A daemon on the node of a laboratory, with the manifest above.
    private final class Stage {
        let laboratory: Laboratory
        let daemon: DaemonProcess
        let workspace: String
        private let servers: [NamedServer]

        init() throws {
            laboratory = try Laboratory()
            servers = try laboratory.pods.map { try NamedServer(in: $0, port: 8080) }
            let workspace = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
            self.workspace = workspace
            try Command.run("mkdir", [workspace + "/manifests"])
            try Command.run(
                "sh",
                ["-c", "cat >\"$1\"", "sh", workspace + "/manifests/web.yaml"],
                input: NodePortProgramTests.manifest
            )
            let configuration = """
                apiVersion: fairlead.dev/v1alpha1
                kind: FairleadConfiguration
                nodeName: node-a
                clusterCIDRs: [10.244.0.0/16, "fd00:10:244::/48"]
                stateDirectory: \(workspace)/state

                """
            try Command.run(
                "sh",
                ["-c", "cat >\"$1\"", "sh", workspace + "/fairlead.yaml"],
                input: configuration
            )
            daemon = try laboratory.node.perform {
                try DaemonProcess(
                    [
                        "--config", workspace + "/fairlead.yaml",
                        "--manifests", workspace + "/manifests",
                    ],
                    directory: workspace
                )
            }
            try daemon.waitForLog("serving 1 Service")
        }

        /// Who answered, or nil when nobody did.
        func request(
            _ endpoint: String,
            _ transport: TransportProtocol,
            from namespace: NetworkNamespace
        ) throws -> String? {
            let endpoint = try #require(SocketEndpoint(endpoint))
            return try namespace.perform {
                try? ClientConnection(to: endpoint, transport, timeout: .seconds(2)).request()
            }
        }

        func run(_ program: String, _ arguments: [String]) throws -> String {
            try laboratory.node.perform { try Command.run(program, arguments) }
        }
    }

    /// kubernetes#56320, #67730, #96879, #111840.
    @Test func nodePortsAnswerOnLoopbackAddresses() throws {
        let stage = try Stage()
        for (endpoint, transport) in [
            ("127.0.0.1:30080", TransportProtocol.tcp), ("[::1]:30080", .tcp),
            ("127.0.0.1:30053", .udp), ("[::1]:30053", .udp),
        ] {
            try stage.daemon.waitFor("the relay at \(endpoint)") {
                try stage.request(endpoint, transport, from: stage.laboratory.node) != nil
            }
            var names: Set<String> = []
            for _ in 0..<6 {
                names.formUnion(
                    try stage.request(endpoint, transport, from: stage.laboratory.node).map { [$0] }
                        ?? []
                )
            }
            #expect(names == ["pod1", "pod2"], "\(endpoint)")
        }
        try stage.daemon.terminate()
    }

    @Test func healthChecksTellHowManyEndpointsThisNodeHas() throws {
        let stage = try Stage()
        let url = "http://192.168.50.1:32100/healthz"
        try stage.daemon.waitFor("the health check") {
            try stage.laboratory.client.perform {
                try Command.execute("curl", ["-s", "-m", "2", url]).status == 0
            }
        }
        let answer = try stage.laboratory.client.perform {
            try Command.run("curl", ["-s", "-i", "-m", "2", url])
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.lowercased().contains("x-load-balancing-endpoint-weight: 1\r\n"))
        #expect(answer.contains("\"namespace\": \"default\""))
        try stage.daemon.terminate()
    }

    @Test func nodePortsFollowTheAddressesOfTheNode() throws {
        let stage = try Stage()
        let client = stage.laboratory.client
        #expect(try stage.request("192.168.50.1:30080", .tcp, from: client) == "pod1")
        #expect(try stage.request("192.168.50.77:30080", .tcp, from: client) == nil)
        _ = try stage.run("ip", ["addr", "add", "192.168.50.77/24", "dev", "outside"])
        try stage.daemon.waitFor("the node port at a new address") {
            try stage.request("192.168.50.77:30080", .tcp, from: client) == "pod1"
        }
        _ = try stage.run("ip", ["addr", "del", "192.168.50.77/24", "dev", "outside"])
        // It remembers for two minutes a connection that has ended, and takes no new one.
        try stage.daemon.waitFor("the end of the virtual server at an address that is gone") {
            try !stage.run("ipvsadm", ["-Sn"]).split(separator: "\n").contains {
                $0.contains("192.168.50.77") && $0.hasSuffix("-w 1")
            }
        }
        #expect(try stage.request("192.168.50.1:30080", .tcp, from: client) == "pod1")
        try stage.daemon.terminate()
    }

    @Test func theDaemonExplainsWhatItDoes() throws {
        let stage = try Stage()
        func explain(_ source: String, _ destination: String) throws -> String {
            try stage.run(
                Programs.fairlead,
                [
                    "explain", source, destination, "--state-directory",
                    stage.workspace + "/state",
                ]
            )
        }
        let outside = try explain("192.168.50.2", "203.0.113.7:80")
        #expect(outside.contains("default/web:http"))
        #expect(outside.contains("balanced over 1 endpoint\n"))
        #expect(outside.contains("10.244.2.2:8080  left out: not on this node (on node-b)"))
        #expect(outside.contains("the endpoint sees 192.168.50.2"))
        let pod = try explain("10.244.3.2", "203.0.113.7:80")
        #expect(pod.contains("balanced over 2 endpoints"))
        #expect(try explain("192.168.50.2", "203.0.113.7:22").contains("refused: 203.0.113.7 is"))
        try stage.daemon.terminate()
    }

    @Test func aPlanIsEmptyWhileTheDaemonServesAndSaysWhatWasChangedBehindItsBack() throws {
        let stage = try Stage()
        func plan() throws -> String {
            try stage.run(
                Programs.fairlead,
                [
                    "plan", "--config", stage.workspace + "/fairlead.yaml", "--manifests",
                    stage.workspace + "/manifests",
                ]
            )
        }
        #expect(try plan() == "")
        _ = try stage.run("ipvsadm", ["-d", "-t", "203.0.113.7:80", "-r", "10.244.1.2:8080"])
        _ = try stage.run("ipset", ["del", "FAIRLEAD-CLUSTER", "10.96.0.1,tcp:80"])
        #expect(
            try plan() == """
                ipset add -exist FAIRLEAD-CLUSTER 10.96.0.1,tcp:80
                ipvsadm -a -t 203.0.113.7:80 -r 10.244.1.2:8080 -m -w 1

                """
        )
        try stage.daemon.terminate()
    }
}
