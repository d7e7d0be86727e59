import Glibc
import NetworkLab
import TestSupport
import Testing

/// Audits that come when somebody asks, or the service device is lost, and not with time.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct AuditTests {
    private static func start() throws -> (DaemonProcess, directory: String) {
        let workspace = try SharedNode.workspace(mode: "ipvs", "intervals: {audit: 24h}")
        let daemon = try DaemonProcess(
            ["--config", workspace + "/fairlead.yaml"],
            directory: workspace
        )
        try daemon.waitForLog("Services are served by IPVS")
        return (daemon, workspace + "/state")
    }

    /// Routes, addresses and links, without the numbers of links.
    private static func network() throws -> String {
        try Command.run("ip", ["route", "show", "table", "local", "dev", "kube-ipvs0"])
            + Command.run("ip", ["-6", "route", "show", "table", "local", "dev", "kube-ipvs0"])
            + Command.run("ip", ["-brief", "address", "show", "dev", "kube-ipvs0"])
    }

    private static func audits() throws -> Double? {
        let page = try Command.run("curl", ["--silent", "http://127.0.0.1:10249/metrics"])
        return try ParsedExposition(page)["fairlead_audit_duration_seconds_count"]
    }

    @Test func whenTheServiceDeviceIsLostItIsMadeAgainAtOnceWithAllAddresses() throws {
        try bareNode("audits").perform {
            let (daemon, directory) = try Self.start()
            let before = try Self.network()
            #expect(before.contains("10.96.0.1") && before.contains("fd00:10:96::1"))
            #expect(try Self.audits() == 0, "what the daemon does itself is no loss")
            for (number, loss) in [
                ["link", "del", "kube-ipvs0"], ["link", "set", "kube-ipvs0", "down"],
            ].enumerated() {
                try Command.run("ip", loss)
                try daemon.waitFor("all addresses after \(loss)") {
                    (try? Self.network()) == before
                }
                try daemon.waitFor("the count of audits") {
                    try Self.audits() == Double(number + 1)
                }
                try daemon.waitForLog("something else changed what was", count: number + 1)
            }
            try Self.expectAuditsOnDemand(of: daemon, directory)
            #expect(try Self.audits() == 6, "nobody else has asked for one")
            try daemon.terminate()
            let answer = try Self.audit(directory)
            #expect(answer.status == 1 && answer.errors.contains("There is no daemon"))
        }
    }

    private static func audit(
        _ directory: String,
        _ options: String...
    ) throws -> (status: Int32, output: String, errors: String) {
        try Command.execute(
            Programs.fairlead,
            ["status", "--audit", "--state-directory", directory] + options
        )
    }

    private static func expectAuditsOnDemand(of daemon: DaemonProcess, _ directory: String) throws {
        let clean = try audit(directory)
        #expect(clean.status == 0 && clean.output == "everything is as it was programmed\n")
        let servers = try Command.run("ipvsadm", ["-Sn"])
        try Command.run("ipvsadm", ["-D", "-t", "10.96.0.1:80"])
        try Command.run("ip", ["route", "del", "local", "10.96.0.11", "table", "local"])
        let drifted = try audit(directory)
        #expect(drifted.status == 2)
        #expect(drifted.output.contains("  virtual server TCP 10.96.0.1:80 (default/web:http)\n"))
        #expect(drifted.output.contains("  service address 10.96.0.11\n"))
        #expect(try Command.run("ipvsadm", ["-Sn"]) == servers)
        #expect(try audit(directory, "-o", "json").output.contains("\"driftedSteps\""))

        try Command.run("ipvsadm", ["-D", "-t", "10.96.0.1:80"])
        kill(daemon.process, SIGHUP)
        try daemon.waitForLog("virtual server TCP 10.96.0.1:80 (default/web:http)", count: 2)
        #expect(try Command.run("ipvsadm", ["-Sn"]) == servers)
    }
}
