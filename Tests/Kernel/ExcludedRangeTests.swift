import NetworkLab
import Testing

/// A range in which virtual servers of others are not taken over, as kube-proxy's flag says it.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct ExcludedRangeTests {
    @Test func aVirtualServerInTheRangeOutlivesAServiceAtItsAddress() throws {
        let workspace = try SharedNode.workspace(
            mode: "ipvs",
            "ipvs: {excludedRanges: [203.0.113.8/32, 10.96.0.0/30]}"
        )
        try bareNode("excluded").perform {
            let foreign =
                "-A -t 203.0.113.8:80 -s lc\n-a -t 203.0.113.8:80 -r 192.0.2.7:80 -m -w 5\n"
            try Command.run("ipvsadm", ["-R"], input: foreign)
            let daemon = try DaemonProcess(
                ["--config", workspace + "/fairlead.yaml"],
                directory: workspace
            )
            try daemon.waitForLog("Services are served by IPVS")
            try daemon.waitForLog(
                "Service default/web: status.loadBalancer.ingress: 203.0.113.8:80/TCP has a virtual "
                    + "server that Fairlead did not make, in 203.0.113.8/32 of ipvs.excludedRanges"
            )
            func rows(_ address: String) throws -> [Substring] {
                try Command.run("ipvsadm", ["-Sn"]).split(separator: "\n").filter {
                    $0.contains(" -t \(address) ")
                }
            }
            #expect(try rows("203.0.113.8:80") == foreign.split(separator: "\n"))
            let address = try Command.run(
                "ip",
                ["route", "show", "table", "local", "203.0.113.8"]
            )
            #expect(address.isEmpty)
            // In a range too, but nobody else is there.
            #expect(try !rows("10.96.0.1:80").isEmpty && !rows("203.0.113.7:80").isEmpty)
            try daemon.terminate()
        }
    }
}
