import Glibc
import NetworkLab
import Testing

/// What a daemon may do, as the kernel says it of each of its threads.
@Suite(
    .enabled(
        if: TestKernel.ipvs.isProvided || TestKernel.host.isProvided,
        TestKernel.reason
    ),
    .serialized
)
struct RightsTests {
    /// `CAP_NET_BIND_SERVICE`, `CAP_NET_ADMIN` and `CAP_NET_RAW`.
    private static let kept: UInt64 = 1 << 10 | 1 << 12 | 1 << 13
    /// `CAP_SYS_MODULE`, which stays while modules may still have to be loaded.
    private static let modules: UInt64 = 1 << 16

    private static func workspace() throws -> String {
        let path = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
        try Command.run("mkdir", [path + "/manifests"])
        return path
    }

    /// The lines of a file `status` in `/proc`, by their names.
    private static func fields(_ status: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in status.split(separator: "\n") {
            let words = line.split(separator: ":\t", maxSplits: 1)
            if words.count == 2 { fields[String(words[0])] = String(words[1]) }
        }
        return fields
    }

    @Test func noThreadOfADaemonKeepsMoreThanServingNeeds() throws {
        let workspace = try Self.workspace()
        try bareNode("rights").perform {
            let daemon = try DaemonProcess(
                ["--manifests", workspace + "/manifests", "--mode", "iptables"]
                    + ["--config", try configuration(workspace)],
                directory: workspace
            )
            let socket = workspace + "/state/control.sock"
            try daemon.waitFor("the control socket") {
                try Command.execute("test", ["-S", socket]).status == 0
            }
            let threads = try Command.run("ls", ["/proc/\(daemon.process)/task"])
                .split(separator: "\n")
            #expect(threads.count > 1)
            for thread in threads {
                let path = "/proc/\(daemon.process)/task/\(thread)/status"
                let fields = Self.fields(try Command.run("cat", [path]))
                for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                    let set = try #require(fields[name].flatMap { UInt64($0, radix: 16) })
                    #expect(
                        set & ~(Self.kept | Self.modules) == 0,
                        "\(name) of thread \(thread) is \(String(set, radix: 16))"
                    )
                }
                #expect(fields["NoNewPrivs"] == "1")
            }
            #expect(try Command.run("stat", ["-c", "%a %F", socket]) == "600 socket\n")
            try daemon.terminate()
        }
    }

    @Test(
        arguments: [
            (#"{bindAddress: ""}"#, #"{bindAddress: ""}"#, []),
            ("null", "null", ["*:10256", "127.0.0.1:10249"]),
        ] as [(String, String, Set<String>)]
    )
    func nothingListensButWhatTheConfigurationNames(
        health: String,
        metrics: String,
        ports: Set<String>
    ) throws {
        let workspace = try Self.workspace()
        try bareNode("listening").perform {
            let daemon = try DaemonProcess(
                ["--manifests", workspace + "/manifests", "--mode", "iptables"]
                    + ["--config", try configuration(workspace, health, metrics)],
                directory: workspace
            )
            func listening() throws -> Set<String> {
                let lines = try Command.run("ss", ["-H", "-lntu"]).split(separator: "\n")
                return Set(lines.compactMap { $0.split(separator: " ").dropFirst(4).first })
                    .reduce(into: []) { $0.insert(String($1)) }
            }
            let socket = workspace + "/state/control.sock"
            try daemon.waitFor("the control socket") {
                try Command.execute("test", ["-S", socket]).status == 0
            }
            try daemon.waitFor("its ports") { try ports.isSubset(of: listening()) }
            #expect(try listening() == ports)
            try daemon.terminate()
        }
    }

    @Test(arguments: ["777", "775"])
    func aStateDirectoryThatOthersMayWriteToIsRefused(mode: String) throws {
        let workspace = try Self.workspace()
        try Command.run("mkdir", [workspace + "/state"])
        try Command.run("chmod", [mode, workspace + "/state"])
        try bareNode("refused").perform {
            let (status, _, errors) = try Command.execute(
                Programs.fairlead,
                ["run", "--manifests", workspace + "/manifests"]
                    + ["--config", try configuration(workspace)]
            )
            #expect(status == 1)
            #expect(errors.contains("others than its owner may write there"), "\(errors)")
        }
    }

    private func configuration(
        _ workspace: String,
        _ health: String = #"{bindAddress: ""}"#,
        _ metrics: String = #"{bindAddress: ""}"#
    ) throws -> String {
        let path = workspace + "/fairlead.yaml"
        let text = """
            apiVersion: fairlead.dev/v1alpha1
            kind: FairleadConfiguration
            stateDirectory: \(workspace)/state
            oomScoreAdjust: -500
            health: \(health)
            metrics: \(metrics)

            """
        try Command.run("sh", ["-c", "cat >\"$1\"", "sh", path], input: text)
        return path
    }
}
