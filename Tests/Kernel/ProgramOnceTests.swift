import NetworkLab
import Testing

/// The program that programs everything and does not stay.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct ProgramOnceTests {
    private static func write(_ text: String, _ path: String) throws {
        try Command.run("sh", ["-c", "cat >\"$1\"", "sh", path], input: text)
    }

    /// A directory with manifests, and a configuration for one mode.
    private static func workspace(_ mode: String) throws -> String {
        let workspace = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
        try Command.run("mkdir", [workspace + "/manifests"])
        try write(SharedNode.manifests, workspace + "/manifests/all.yaml")
        try configure(mode, workspace)
        return workspace
    }

    private static func configure(_ mode: String, _ workspace: String) throws {
        try write(
            """
            apiVersion: fairlead.dev/v1alpha1
            kind: FairleadConfiguration
            mode: \(mode)
            nodeName: node-a
            clusterCIDRs: [10.244.0.0/16, "fd00:10:244::/48"]
            manifests: {directory: \(workspace)/manifests}
            stateDirectory: \(workspace)/state

            """,
            workspace + "/fairlead.yaml"
        )
    }

    private static func once(
        _ workspace: String
    ) throws -> (status: Int32, output: String, errors: String) {
        try Command.execute(
            Programs.fairlead,
            ["run", "--once", "--config", workspace + "/fairlead.yaml"]
        )
    }

    @Test func itLeavesWhatADaemonWouldAndEndsWithoutPorts() throws {
        let workspace = try Self.workspace("ipvs")
        let broken = workspace + "/manifests/broken.yaml"
        try Self.write("kind: [", broken)
        try bareNode("once").perform {
            let failure = try Self.once(workspace)
            #expect(failure.status == 1)
            #expect(failure.errors.contains("Not everything is programmed"))
            #expect(failure.errors.contains("not everything could be read"))
            #expect(try Command.run("ipvsadm", ["-Sn"]).contains("-A -t 10.96.0.1:80"))

            try Command.run("rm", [broken])
            let first = try Self.once(workspace)
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.errors.contains("programmed everything: "))
            let served = try KubeProxyNode.state()
            #expect(served.contains("-A -t 10.96.0.1:80") && served.contains("FAIRLEAD-"))
            #expect(try Command.run("cat", [workspace + "/state/mode"]) == "ipvs\n")
            #expect(
                try Command.execute("test", ["-e", workspace + "/state/control.sock"]).status == 1
            )

            // A daemon finds nothing to do, and keeps another one away.
            let daemon = try DaemonProcess(
                ["--config", workspace + "/fairlead.yaml"],
                directory: workspace
            )
            try daemon.waitForLog("applied 0 changes")
            let refusal = try Self.once(workspace)
            #expect(refusal.status == 1)
            #expect(refusal.errors.contains("another fairlead (process \(daemon.process))"))
            try daemon.terminate()
            #expect(try KubeProxyNode.changes(since: served).isEmpty)

            // Another mode takes over, and only then the first one goes.
            try Self.configure("iptables", workspace)
            let second = try Self.once(workspace)
            #expect(second.status == 0, "\(second.errors)")
            #expect(try Command.run("cat", [workspace + "/state/mode"]) == "iptables\n")
            #expect(try Command.run("ipvsadm", ["-Sn"]).isEmpty)
            #expect(try Command.run("iptables-legacy-save").contains(":FAIRLEAD-BALANCE "))
        }
    }
}
