import Addressing
import Glibc
import NetworkLab
import TestSupport
import Testing

/// The ports where a running daemon says how it is, and what it measures.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct ProbeTests {
    private static func workspace() throws -> String {
        let path = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
        try Command.run("mkdir", [path + "/manifests"])
        return path
    }

    private static func write(_ text: String, _ path: String) throws {
        try Command.run("sh", ["-c", "cat >\"$1\"", "sh", path], input: text)
    }

    private struct Answer {
        let status: Int
        let type: String
        let body: String
    }

    private static func ask(
        _ port: Int,
        _ path: String,
        method: String = "GET"
    ) throws -> Answer {
        let output = try Command.run(
            "curl",
            [
                "--silent", "--max-time", "20", "--request", method, "--write-out",
                "\\n%{http_code} %{content_type}", "http://127.0.0.1:\(port)\(path)",
            ]
        )
        let line = output.lastIndex(of: "\n") ?? output.startIndex
        let words = output[line...].dropFirst().split(separator: " ", maxSplits: 1)
        return Answer(
            status: words.first.flatMap { Int($0) } ?? 0,
            type: words.count > 1 ? String(words[1]) : "",
            body: String(output[..<line])
        )
    }

    private static func metrics() throws -> ParsedExposition {
        let answer = try ask(10249, "/metrics")
        #expect(answer.status == 200)
        #expect(answer.type == "text/plain; version=0.0.4; charset=utf-8")
        return try ParsedExposition(answer.body)
    }

    private static let manifest = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          clusterIP: 10.96.0.61
          ports: [{name: http, port: 80}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata:
          name: web-1
          labels: {kubernetes.io/service-name: web}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints: [{addresses: [192.0.2.10]}, {addresses: [10.244.9.2]}]

        """

    private static func node(_ more: String = "") -> String {
        "apiVersion: v1\nkind: Node\nmetadata: {name: here}\nspec: {\(more)}\n"
    }

    @Test func measuresWhatItServesAndSaysHowItIs() throws {
        let workspace = try Self.workspace()
        try Self.write(Self.manifest, workspace + "/manifests/web.yaml")
        try Self.write(Self.node(), workspace + "/manifests/node.yaml")
        let node = try bareNode("probes")
        let server = try NamedServer(in: node, port: 8080, protocols: [.tcp])
        try node.perform {
            try Command.run("sysctl", ["-qw", "net.ipv4.vs.conntrack=1"])
            try Command.run("ipvsadm", ["-A", "-t", "203.0.113.1:80"])
            let daemon = try DaemonProcess(
                ["--manifests", workspace + "/manifests", "--node", "here", "--scheduler", "rr"],
                directory: workspace
            )
            try daemon.waitForLog("serving 1 Service")
            try daemon.waitFor("the port of the metrics") {
                (try? Self.ask(10249, "/healthz").body) == "ok"
            }
            try Self.checkPages()

            // Half of them go to a pod that does not answer, and count as well.
            for _ in 0..<4 {
                _ = try? ClientConnection(
                    to: SocketEndpoint(.ipv4(0x0a60_003d), 80),
                    .tcp,
                    timeout: .milliseconds(500)
                ).request()
            }
            try daemon.waitFor("the connections in the metrics") {
                try Self.metrics().series("fairlead_virtual_server_connections_total")
                    .values.first == 4
            }
            try Self.checkMetrics()

            try Self.write(
                Self.node("taints: [{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}]"),
                workspace + "/manifests/node.yaml"
            )
            try daemon.waitFor("the end of the node's eligibility") {
                try Self.ask(10256, "/healthz").status == 503
            }
            #expect(try Self.ask(10256, "/healthz").body.contains("\"nodeEligible\":false"))
            #expect(try Self.ask(10256, "/livez").status == 200)
            try daemon.terminate()
        }
        withExtendedLifetime(server) {}
    }

    private static func checkPages() throws {
        let health = try ask(10256, "/healthz")
        #expect(health.status == 200)
        #expect(health.type == "application/json")
        #expect(health.body.contains("\"nodeEligible\":true,\"healthy\":true,\"status\":{\"IPv4\""))
        #expect(try ask(10256, "/livez").status == 200)
        #expect(try ask(10256, "/metrics").status == 404)
        #expect(try ask(10249, "/proxyMode").body == "ipvs")
        let configuration = try ask(10249, "/configz")
        #expect(configuration.type == "application/json")
        #expect(configuration.body.hasPrefix("{\"fairlead.dev\":{\"apiVersion\":"))
        #expect(configuration.body.contains("\"nodeName\":\"here\""))
        #expect(try ask(10249, "/debug/pprof/heap").status == 404)
        #expect(try ask(10249, "/metrics", method: "POST").status == 405)
    }

    private static func checkMetrics() throws {
        let metrics = try metrics()
        let labels = ["service": "web", "namespace": "default", "port_name": "http"]
        let real = metrics.series("fairlead_real_server_connections_total", where: labels)
        #expect(real.count == 2)
        #expect(real.values.allSatisfy { $0 == 2 })
        let weights = metrics.series("fairlead_real_server_weight", where: labels)
        #expect(weights.values.allSatisfy { $0 == 1 } && weights.count == 2)
        let bytes = metrics.series("fairlead_virtual_server_outgoing_bytes_total", where: labels)
        #expect(bytes.values.first ?? 0 > 0)
        // That of somebody else is nobody's Service.
        #expect(metrics.series("fairlead_virtual_server_connections_total").count == 1)
        #expect(metrics["fairlead_services"] == 1)
        #expect(metrics["fairlead_mode", ["mode": "ipvs"]] == 1)
        #expect(metrics["fairlead_scrape_complete"] == 1)
        #expect(metrics["fairlead_series_left_out"] == 0)
        #expect(metrics["kubeproxy_sync_proxy_rules_service_changes_pending"] == 0)
        #expect(metrics["kubeproxy_sync_proxy_rules_service_changes_total"] == 1)
        #expect(metrics["kubeproxy_proxy_healthz_total", ["code": "200"]] ?? 0 >= 1)
        let family = ["ip_family": "IPv4"]
        let synced = metrics["kubeproxy_sync_proxy_rules_last_timestamp_seconds", family]
        #expect(synced ?? 0 > 1_000_000_000)
        for name in [
            "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds",
        ] {
            #expect(metrics[name] ?? 0 > 0, "\(name)")
        }
    }

    @Test func withoutIPVSItSaysWhatIsKnown() throws {
        let workspace = try Self.workspace()
        try Self.write(Self.manifest, workspace + "/manifests/web.yaml")
        // Of its own: which dataplane serves is written there, for whoever starts next.
        try Self.write(
            """
            apiVersion: fairlead.dev/v1alpha1
            kind: FairleadConfiguration
            mode: iptables
            stateDirectory: \(workspace)/state

            """,
            workspace + "/fairlead.yaml"
        )
        try bareNode("chains").perform {
            let daemon = try DaemonProcess(
                [
                    "--manifests", workspace + "/manifests", "--config",
                    workspace + "/fairlead.yaml",
                ],
                directory: workspace
            )
            try daemon.waitForLog("serving 1 Service")
            try daemon.waitFor("the mode") {
                (try? Self.ask(10249, "/proxyMode").body) == "iptables"
            }
            let metrics = try Self.metrics()
            #expect(metrics["fairlead_scrape_complete"] == 1)
            #expect(metrics.series("fairlead_real_server_weight").count == 2)
            #expect(metrics.series("fairlead_virtual_server_real_servers").values.first == 2)
            #expect(metrics.kinds["fairlead_virtual_server_connections_total"] == nil)
            try daemon.terminate()
        }
    }

    @Test func portsInUseStopNobodyAndSomeSeriesMayBeLeftOut() throws {
        let workspace = try Self.workspace()
        try Self.write(Self.manifest, workspace + "/manifests/web.yaml")
        try Self.write(
            """
            apiVersion: fairlead.dev/v1alpha1
            kind: FairleadConfiguration
            metrics: {bindAddress: "127.0.0.1:10249", maximumSeries: 6}

            """,
            workspace + "/fairlead.yaml"
        )
        let node = try bareNode("ports")
        let other = try NamedServer(in: node, port: 10256, protocols: [.tcp])
        try node.perform {
            let daemon = try DaemonProcess(
                [
                    "--manifests", workspace + "/manifests", "--config",
                    workspace + "/fairlead.yaml",
                ],
                directory: workspace
            )
            try daemon.waitForLog("serving 1 Service")
            try daemon.waitForLog("health.bindAddress: cannot listen on TCP *:10256")
            let metrics = try Self.metrics()
            #expect(metrics["fairlead_listeners_failing", ["purpose": "health"]] == 1)
            #expect(metrics["fairlead_series_left_out"] == 18)
            #expect(metrics.series("fairlead_real_server_weight").isEmpty)
            try daemon.terminate()
        }
        withExtendedLifetime(other) {}
    }
}
