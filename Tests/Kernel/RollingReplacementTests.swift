import Addressing
import Glibc
import NetworkLab
import Testing

/// All endpoints of a Service are replaced, one after the other, under clients who must not notice.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct RollingReplacementTests {
    /// What happens to the daemon while an endpoint leaves.
    private enum Interruption: CaseIterable {
        case none, restart, kill, upgrade
    }

    private static let address = "10.96.0.7"

    private static func write(_ text: String, _ path: String) throws {
        // In one step: a file that is half written says that half of the endpoints are gone.
        try Command.run(
            "sh",
            ["-c", "cat >\"$1.new\" && mv \"$1.new\" \"$1\"", "sh", path],
            input: text
        )
    }

    /// Endpoints that are ready, and those that finish what they have begun.
    private static func manifest(ready: [Int], terminating: [Int]) -> String {
        let endpoints =
            ready.map { "{addresses: [10.244.\($0).2], conditions: {ready: true}}" }
            + terminating.map {
                "{addresses: [10.244.\($0).2], conditions: "
                    + "{ready: false, serving: true, terminating: true}}"
            }
        return """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec:
              clusterIP: \(address)
              ports:
              - {name: http, port: 80}
              - {name: ask, port: 80, protocol: UDP}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata:
              name: web-1
              labels: {kubernetes.io/service-name: web}
            addressType: IPv4
            ports: [{name: http, port: 8080}, {name: ask, port: 8080, protocol: UDP}]
            endpoints: [\(endpoints.joined(separator: ", "))]

            """
    }

    /// A node, and a daemon on it that can be exchanged.
    private final class Stage {
        let laboratory: Laboratory
        let workspace: String
        private let mode: String
        private(set) var daemon: DaemonProcess
        private var starts = 1

        init(mode: String, pods: Int) throws {
            self.mode = mode
            let laboratory = try Laboratory(pods: pods)
            let workspace = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
            self.laboratory = laboratory
            self.workspace = workspace
            try Command.run("mkdir", [workspace + "/manifests"])
            try RollingReplacementTests.write(
                """
                apiVersion: fairlead.dev/v1alpha1
                kind: FairleadConfiguration
                mode: \(mode)
                clusterCIDRs: [10.244.0.0/16]
                manifests: {directory: \(workspace)/manifests}
                stateDirectory: \(workspace)/state

                """,
                workspace + "/fairlead.yaml"
            )
            try RollingReplacementTests.write(
                RollingReplacementTests.manifest(ready: Array(1...pods / 2), terminating: []),
                workspace + "/manifests/web.yaml"
            )
            daemon = try Self.start(laboratory, workspace, Programs.fairlead)
            try daemon.waitForLog("Services are served by \(mode == "ipvs" ? "IPVS" : "iptables")")
        }

        private static func start(
            _ laboratory: Laboratory,
            _ workspace: String,
            _ program: String
        ) throws -> DaemonProcess {
            try laboratory.node.perform {
                try DaemonProcess(
                    ["--config", workspace + "/fairlead.yaml"],
                    program: program,
                    directory: workspace
                )
            }
        }

        func interrupt(_ interruption: Interruption) throws {
            var program = Programs.fairlead
            switch interruption {
            case .none: return
            case .restart: try daemon.terminate()
            case .kill: try daemon.crash()
            case .upgrade:
                try daemon.terminate()
                program = workspace + "/fairlead-new"
                try Command.run("cp", [Programs.fairlead, program])
            }
            daemon = try Self.start(laboratory, workspace, program)
            starts += 1
            try daemon.waitForLog("serving 1 Service", count: starts)
        }

        func say(ready: [Int], terminating: [Int]) throws {
            try RollingReplacementTests.write(
                RollingReplacementTests.manifest(ready: ready, terminating: terminating),
                workspace + "/manifests/web.yaml"
            )
        }
    }

    @Test(arguments: ["ipvs", "iptables"])
    func noRequestFailsWhileAllEndpointsAreReplaced(_ mode: String) throws {
        let count = Interruption.allCases.count
        let stage = try Stage(mode: mode, pods: 2 * count)
        let laboratory = stage.laboratory
        var servers = try (1...count).map { try Self.server($0, laboratory) }
        let service = SocketEndpoint(try IPAddress(Self.address), 80)
        // From outside and from the node itself; with new connections and with old ones.
        let short = try [laboratory.client, laboratory.node].map {
            try SteadyClient(from: $0, to: service, every: .milliseconds(15))
        }
        let asking = try SteadyClient(
            from: laboratory.client,
            to: service,
            .udp,
            every: .milliseconds(15)
        )
        let patient = try [TransportProtocol.tcp, .udp].map {
            try PatientClient(from: laboratory.client, to: service, $0, every: .milliseconds(15))
        }
        usleep(300_000)
        var ready = Array(1...count)
        for (index, interruption) in Interruption.allCases.enumerated() {
            let (old, new) = (index + 1, count + index + 1)
            servers.append(try Self.server(new, laboratory))
            ready.removeFirst()
            ready.append(new)
            try stage.say(ready: ready, terminating: [old])
            usleep(300_000)
            try stage.interrupt(interruption)
            // Datagrams have moved by then; the pod is told to finish, and ends.
            usleep(2_600_000)
            servers[0].retire()
            usleep(500_000)
            try stage.say(ready: ready, terminating: [])
            usleep(300_000)
            servers.removeFirst()
        }
        usleep(300_000)
        let records = short.map { $0.stop() }
        let asked = asking.stop()
        let kept = patient.map { $0.stop() }
        let names = Set((count + 1...2 * count).map { "pod\($0)" })
        for record in records + [asked] {
            #expect(record.failures.isEmpty, "\(record.failures)")
            #expect(record.count > 300)
            #expect(names.isSubset(of: record.answered.keys), "\(record.answered)")
        }
        for record in kept {
            #expect(record.failures.isEmpty, "\(record.failures)")
            #expect(record.count > 200)
        }
        // One connection is on one endpoint, and that may be replaced once, or more often.
        #expect(kept[0].reconnections <= count, "\(kept[0])")
        #expect(kept[1].repetitions <= count, "\(kept[1])")
        #expect(kept[1].answered.keys.contains { names.contains($0) }, "\(kept[1].answered)")
        try stage.daemon.terminate()
        guard mode == "ipvs" else { return }
        // What is left behind for two minutes are memories of connections that have ended.
        let listing = try laboratory.node.perform { try Command.run("ipvsadm", ["-Ln"]) }
        for row in listing.split(separator: "\n").map({ $0.split(separator: " ") })
        where row.count == 6 && row[3] == "0" {
            #expect(row[4] == "0", "\(listing)")
        }
    }

    private static func server(_ number: Int, _ laboratory: Laboratory) throws -> NamedServer {
        try NamedServer(in: laboratory.pods[number - 1], port: 8080, protocols: [.tcp, .udp])
    }
}
