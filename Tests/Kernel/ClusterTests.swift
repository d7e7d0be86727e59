import Addressing
import Glibc
import NetworkLab
import Testing

/// The program with a real API server, the real `kubectl` and real traffic.
@Suite(.enabled(if: TestKernel.cluster.isProvided, TestKernel.reason), .serialized)
struct ClusterTests {
    /// A node with pods that serve, a cluster, and a daemon that follows it.
    private final class Stage {
        let laboratory: Laboratory
        let workspace: String
        let cluster: RealCluster
        private let servers: [NamedServer]
        private var daemons: [DaemonProcess] = []

        init() throws {
            laboratory = try Laboratory()
            servers = try laboratory.pods.map { try NamedServer(in: $0, port: 8080) }
            workspace = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
            cluster = try RealCluster(in: laboratory.node, directory: workspace + "/cluster")
            try cluster.apply(
                """
                apiVersion: v1
                kind: Node
                metadata: {name: node-a, labels: {topology.kubernetes.io/zone: zone-a}}
                spec: {podCIDR: 10.244.0.0/16, podCIDRs: [10.244.0.0/16]}

                """
            )
            try cluster.writeToken(of: "fairlead", tokenFile)
            try cluster.writeKubeconfig(workspace + "/kubeconfig", tokenFile: tokenFile)
        }

        var tokenFile: String { workspace + "/token" }

        func start() throws -> DaemonProcess {
            let daemon = try laboratory.node.perform {
                try DaemonProcess(
                    [
                        "--kubeconfig", workspace + "/kubeconfig", "--node", "node-a",
                        "--config", try configuration(),
                    ],
                    directory: workspace
                )
            }
            daemons.append(daemon)
            return daemon
        }

        /// As kubeadm writes it into the ConfigMap kube-proxy, shortened to what is not empty.
        func writeKubeProxyConfiguration(
            _ path: String,
            scheduler: String,
            mode: String = "ipvs"
        ) throws {
            try Command.run(
                "sh",
                ["-c", "cat >\"$1.new\" && mv \"$1.new\" \"$1\"", "sh", path],
                input: """
                    apiVersion: kubeproxy.config.k8s.io/v1alpha1
                    bindAddress: 0.0.0.0
                    bindAddressHardFail: false
                    clientConnection:
                      acceptContentTypes: ""
                      burst: 0
                      contentType: ""
                      kubeconfig: \(workspace)/kubeconfig
                      qps: 0
                    clusterCIDR: 10.244.0.0/16
                    configSyncPeriod: 0s
                    conntrack:
                      maxPerCore: null
                      min: null
                      tcpCloseWaitTimeout: null
                      tcpEstablishedTimeout: null
                    detectLocalMode: ""
                    enableProfiling: false
                    healthzBindAddress: ""
                    hostnameOverride: ""
                    ipvs:
                      excludeCIDRs: null
                      minSyncPeriod: 0s
                      scheduler: "\(scheduler)"
                      strictARP: false
                      syncPeriod: 0s
                      tcpFinTimeout: 0s
                      tcpTimeout: 15m0s
                      udpTimeout: 0s
                    kind: KubeProxyConfiguration
                    metricsBindAddress: ""
                    mode: \(mode)
                    nodePortAddresses: null
                    oomScoreAdj: null
                    portRange: ""

                    """
            )
        }

        /// With the arguments of kubeadm's DaemonSet.
        func start(kubeProxyFile file: String) throws -> DaemonProcess {
            let daemon = try laboratory.node.perform {
                try DaemonProcess(
                    ["--config=\(file)", "--hostname-override=node-a"],
                    command: "kube-proxy",
                    directory: workspace
                )
            }
            daemons.append(daemon)
            return daemon
        }

        private func configuration() throws -> String {
            let path = workspace + "/fairlead.yaml"
            try Command.run(
                "sh",
                ["-c", "cat >\"$1\"", "sh", path],
                input: """
                    apiVersion: fairlead.dev/v1alpha1
                    kind: FairleadConfiguration
                    clusterCIDRs: [10.244.0.0/16]
                    stateDirectory: \(workspace)/state

                    """
            )
            return path
        }

        /// Who answers at an address on the node's port 80; nil for nobody.
        func answer(at address: String, from namespace: NetworkNamespace) -> String? {
            try? namespace.perform {
                try ClientConnection(to: SocketEndpoint(try IPAddress(address), 80), .tcp)
                    .request()
            }
        }

        func virtualServers() throws -> String {
            try laboratory.node.perform { try Command.run("ipvsadm", ["-Ln"]) }
        }
    }

    private static func service(_ name: String, _ fields: String) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec:
          ports: [{name: http, port: 80, targetPort: 8080}]
        \(fields.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
        ---

        """
    }

    private static func slice(_ name: String, _ endpoints: [String]) -> String {
        """
        apiVersion: discovery.k8s.io/v1beta1
        kind: EndpointSlice
        metadata: {name: \(name)-1, labels: {kubernetes.io/service-name: \(name)}}
        addressType: IPv4
        ports: [{name: http, port: 8080, protocol: TCP}]
        endpoints: [\(endpoints.map { "{addresses: [\($0)]}" }.joined(separator: ", "))]
        ---

        """
    }

    @Test func whatKubectlWritesIsServed() throws {
        let stage = try Stage()
        let (laboratory, cluster) = (stage.laboratory, stage.cluster)
        try cluster.apply(
            Self.service("web", "clusterIP: 10.96.0.80") + Self.slice("web", ["10.244.1.2"])
        )
        let daemon = try stage.start()
        try daemon.waitForLog("Services are served by IPVS")
        #expect(stage.answer(at: "10.96.0.80", from: laboratory.node) == "pod1")
        #expect(stage.answer(at: "10.96.0.80", from: laboratory.client) == "pod1")

        // Another endpoint, then another Service, then another address.
        try cluster.apply(Self.slice("web", ["10.244.2.2"]))
        try daemon.waitFor("the other endpoint") {
            stage.answer(at: "10.96.0.80", from: laboratory.node) == "pod2"
        }
        try cluster.apply(
            Self.service(
                "lb",
                "clusterIP: 10.96.0.81\nexternalIPs: [203.0.113.7]\nsessionAffinity: ClientIP"
            ) + Self.slice("lb", ["10.244.3.2"])
        )
        try daemon.waitFor("the second Service") {
            stage.answer(at: "203.0.113.7", from: laboratory.client) == "pod3"
        }
        #expect(try stage.virtualServers().contains("10.96.0.81:80 rr persistent 10800"))
        try cluster.kubectl([
            "patch", "service", "lb", "--type=merge", "-p", #"{"spec": {"externalIPs": null}}"#,
        ])
        // What is left of it for a while is for connections that there were.
        try daemon.waitFor("the address to go") {
            stage.answer(at: "203.0.113.7", from: laboratory.client) == nil
        }

        // Classic Endpoints play no part beside slices, and a Service without any has nobody.
        try cluster.kubectl(["delete", "endpointslice", "lb-1"])
        try daemon.waitFor("the endpoint to go") {
            stage.answer(at: "10.96.0.81", from: laboratory.node) == nil
        }
        try cluster.kubectl(["delete", "service", "web"])
        try daemon.waitFor("the Service to go") {
            stage.answer(at: "10.96.0.80", from: laboratory.node) == nil
        }

        // What is wrong is said on the object.
        try cluster.kubectl([
            "annotate", "service", "lb", "fairlead.dev/scheduler=best-of-all",
        ])
        try daemon.waitFor("an Event of the Service") {
            try cluster.kubectl(["describe", "service", "lb"]).contains("SchedulerNotUsed")
        }
        // So is a port for health checks that somebody else has.
        let holder = try NamedServer(in: laboratory.node, port: 32_000, protocols: [.tcp])
        try cluster.apply(
            Self.service(
                "checked",
                "type: LoadBalancer\nexternalTrafficPolicy: Local\nhealthCheckNodePort: 32000"
            )
        )
        try daemon.waitFor("an Event of the port") {
            try cluster.kubectl(["describe", "service", "checked"])
                .contains("FailedToStartServiceHealthcheck")
        }
        withExtendedLifetime(holder) {}
        let events = try cluster.kubectl(["get", "events", "-A"])
        #expect(events.contains("ServingServices"))
        try daemon.terminate()
    }

    /// A minute without the API server, with changes and a new token, under load.
    @Test func anOutageLosesNothingAndTheDifferenceIsAppliedAfterwards() throws {
        let stage = try Stage()
        let (laboratory, cluster) = (stage.laboratory, stage.cluster)
        try cluster.apply(
            Self.service("web", "clusterIP: 10.96.0.80")
                + Self.slice("web", ["10.244.1.2", "10.244.2.2"])
                + Self.service("gone", "clusterIP: 10.96.0.82") + Self.slice("gone", ["10.244.1.2"])
        )
        let daemon = try stage.start()
        try daemon.waitForLog("Services are served by IPVS")
        let clients = try [laboratory.node, laboratory.client].map {
            try SteadyClient(
                from: $0,
                to: SocketEndpoint(try IPAddress("10.96.0.80"), 80),
                every: .milliseconds(20)
            )
        }
        let held = try laboratory.client.perform {
            try HeldConnection(to: SocketEndpoint(try IPAddress("10.96.0.80"), 80))
        }
        _ = try held.request()
        let before = try stage.virtualServers()

        let begin = ContinuousClock.now
        try cluster.stop()
        try daemon.waitForLog("asking again, and what is programmed stays as it is")
        // Another server on the same store, which the daemon does not know.
        try cluster.start(port: 16445)
        try cluster.apply(
            Self.slice("web", ["10.244.1.2", "10.244.2.2", "10.244.3.2"])
                + Self.service("new", "clusterIP: 10.96.0.83") + Self.slice("new", ["10.244.3.2"])
        )
        try cluster.kubectl(["delete", "service/gone", "endpointslice/gone-1"])
        // The account is another one now, whose tokens are others.
        try cluster.writeToken(of: "fairlead", workspaceToken(stage))
        try cluster.stop()
        let outage = ContinuousClock.now - begin
        if outage < .seconds(60) { sleep(UInt32((.seconds(60) - outage).components.seconds) + 1) }
        #expect(
            Self.withoutCounts(try stage.virtualServers()) == Self.withoutCounts(before),
            "an outage changes nothing"
        )

        try cluster.start()
        // With the old token: a restart makes the server ask who it is.
        try daemon.waitForLog("does not know who asks", within: .seconds(60))
        #expect(stage.answer(at: "10.96.0.83", from: laboratory.node) == nil)
        try Command.run("mv", [workspaceToken(stage), stage.tokenFile])
        // Whoever is refused asks again after half a minute at most.
        try daemon.waitForLog(
            "the API server answers as it should again",
            within: .seconds(60)
        )
        try daemon.waitFor("the new Service") {
            stage.answer(at: "10.96.0.83", from: laboratory.node) == "pod3"
        }
        #expect(try !stage.virtualServers().contains("10.96.0.82:80"))
        try daemon.waitFor("the new endpoint") {
            (0..<6).contains { _ in
                stage.answer(at: "10.96.0.80", from: laboratory.node) == "pod3"
            }
        }
        _ = try held.request()
        for client in clients {
            let record = client.stop()
            #expect(record.failures.isEmpty, "\(record.failures)")
            #expect(record.count > 500)
        }
        // The cache of a restarted server begins anew, so what was seen last had expired.
        let status = try laboratory.node.perform {
            try Command.run("curl", ["-s", "http://127.0.0.1:10249/metrics"])
        }
        #expect(status.contains("410"), "\(status)")
        try daemon.terminate()
    }

    /// The file of a kubeadm cluster and its command line, and a change of that file under load.
    @Test func kubeProxysOwnFileAndCommandLineServe() throws {
        let stage = try Stage()
        let (laboratory, cluster) = (stage.laboratory, stage.cluster)
        try cluster.apply(
            Self.service("web", "clusterIP: 10.96.0.80\ntype: NodePort")
                + Self.slice("web", ["10.244.1.2", "10.244.2.2"])
        )
        let file = stage.workspace + "/config.conf"
        try stage.writeKubeProxyConfiguration(file, scheduler: "lc")
        let daemon = try stage.start(kubeProxyFile: file)
        try daemon.waitForLog("Services are served by IPVS")
        #expect(try stage.virtualServers().contains("TCP  10.96.0.80:80 lc"))
        func ask(_ page: String) throws -> String {
            try laboratory.node.perform {
                try Command.run("curl", ["-s", "-m", "5", "http://127.0.0.1:\(page)"])
            }
        }
        #expect(try ask("10249/proxyMode") == "ipvs")
        #expect(try ask("10256/healthz").contains("\"nodeEligible\":true"))
        #expect(try ask("10249/configz").contains("\"tcp\":\"15m\""))

        let client = try SteadyClient(
            from: laboratory.client,
            to: SocketEndpoint(try IPAddress("10.96.0.80"), 80),
            every: .milliseconds(20)
        )
        let held = try laboratory.client.perform {
            try HeldConnection(to: SocketEndpoint(try IPAddress("10.96.0.80"), 80))
        }
        _ = try held.request()
        try stage.writeKubeProxyConfiguration(file, scheduler: "sed", mode: "magic")
        try daemon.waitForLog("is wrong now; what it said before goes on", within: .seconds(60))
        #expect(try stage.virtualServers().contains("TCP  10.96.0.80:80 lc"))
        let status = try Command.execute(Programs.fairlead, ["status"])
        #expect(status.status == 2)
        #expect(status.output.contains("is wrong now"), "\(status.output)")
        try stage.writeKubeProxyConfiguration(file, scheduler: "sed")
        try daemon.waitForLog("says something else now", within: .seconds(60))
        try daemon.waitForLog("Services are served by IPVS", count: 2)
        #expect(try stage.virtualServers().contains("TCP  10.96.0.80:80 sed"))
        _ = try held.request()
        let record = client.stop()
        #expect(record.failures.isEmpty, "\(record.failures)")
        #expect(record.count > 100)
        // It is the same process all the time.
        try daemon.terminate()
    }

    private func workspaceToken(_ stage: Stage) -> String { stage.workspace + "/token.next" }

    /// A listing without what traffic changes.
    private static func withoutCounts(_ listing: String) -> [String] {
        listing.split(separator: "\n").map { line in
            line.split(separator: " ").prefix(4).joined(separator: " ")
        }
    }
}
