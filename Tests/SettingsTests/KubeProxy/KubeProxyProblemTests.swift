import Settings
import TestSupport
import Testing

/// The first two lines of kube-proxy's own file.
let theirHeader = """
    apiVersion: kubeproxy.config.k8s.io/v1alpha1
    kind: KubeProxyConfiguration

    """

@Suite struct KubeProxyProblemTests {
    private func problems(_ yaml: String) -> [String] {
        do throws(ConfigurationErrors) {
            _ = try LoadedConfiguration(yaml: yaml, fileName: "fairlead.yaml")
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    static let refusals = [
        Refusal(
            "mode: userspace",
            "3: mode: \"userspace\" is a mode that kube-proxy no longer has; write ipvs, or iptables "
                + "for nodes without IPVS"
        ),
        Refusal(
            "mode: kernelspace",
            "3: mode: \"kernelspace\" is kube-proxy's mode for Windows, and Fairlead serves Linux; "
                + "write ipvs, or iptables for nodes without IPVS"
        ),
        Refusal(
            "mode: IPVS",
            "3: mode: \"IPVS\" is not a mode of kube-proxy; write ipvs, or iptables for nodes without "
                + "IPVS"
        ),
        Refusal(
            "iptables:\n  masqueradeAll: maybe",
            "4: iptables.masqueradeAll: \"maybe\" is not a truth value; write true or false"
        ),
        Refusal(
            "iptables: {masqueradeBit: 32}",
            "3: iptables.masqueradeBit: \"32\" is not a whole number in 0…31"
        ),
        Refusal(
            "mode: nftables\nnftables: {masqueradeBit: 3}",
            "4: nftables.masqueradeBit: \"3\" is a bit of the marks that Fairlead gives to IPVS; "
                + "choose one of 13…31, or set masquerade.bit and ipvs.firewallMarks in Fairlead's "
                + "own configuration"
        ),
        Refusal(
            "ipvs: {syncPeriod: 30}",
            "3: ipvs.syncPeriod: \"30\" is a duration without a unit; write for example 30s"
        ),
        Refusal(
            "ipvs: {tcpTimeout: -1s}",
            "3: ipvs.tcpTimeout: \"-1s\" is below zero; write 0s, or a duration such as 30s"
        ),
        Refusal(
            "ipvs: {udpTimeout: 745h}",
            "3: ipvs.udpTimeout: \"745h\" is out of range; allowed: 0s…744h"
        ),
        Refusal(
            "ipvs: {excludeCIDRs: [10.0.0.0/33]}",
            "3: ipvs.excludeCIDRs[0]: \"10.0.0.0/33\" has a prefix length outside 0…32"
        ),
        Refusal(
            "ipvs: rr",
            "3: ipvs: is a single value where a map is expected with the fields syncPeriod, "
                + "minSyncPeriod, scheduler, excludeCIDRs, strictARP, tcpTimeout, tcpFinTimeout and "
                + "udpTimeout"
        ),
        Refusal(
            "nodePortAddresses: primary",
            "3: nodePortAddresses: is a single value where a list is expected; allowed: a list of "
                + "prefixes such as 10.0.0.0/8, primary, localhost and all"
        ),
        Refusal(
            "nodePortAddresses: [primary, 10.0.0.0/8]",
            "3: nodePortAddresses: \"primary\" cannot stand beside prefixes in Fairlead; write primary "
                + "alone, or the prefixes of the primary addresses"
        ),
        Refusal(
            "healthzBindAddress: localhost:10256\nmetricsBindAddress: 127.0.0.1:0",
            "3: healthzBindAddress: \"localhost:10256\" is not an IP address, with or without a port; "
                + "write 127.0.0.1:10249, [::1]:10249, 0.0.0.0, or :10249 for all addresses",
            "4: metricsBindAddress: \"127.0.0.1:0\" is not an IP address, with or without a port; "
                + "write 127.0.0.1:10249, [::1]:10249, 0.0.0.0, or :10249 for all addresses"
        ),
        Refusal(
            "detectLocalMode: BridgeInterface",
            "3: detectLocalMode: \"BridgeInterface\" needs detectLocal.bridgeInterface, which is the "
                + "flag --pod-bridge-interface"
        ),
        Refusal(
            "oomScoreAdj: -1001\nfeatureGates: {A: 7}",
            "3: oomScoreAdj: \"-1001\" is not a whole number in -1000…1000",
            "4: featureGates.A: \"7\" is not a truth value; write true or false"
        ),
        Refusal(
            "logging: {format: xml, flushFrequency: 5}",
            "3: logging.format: \"xml\" is not a format; allowed are text and json"
        ),
        Refusal(
            "---\n\(theirHeader)",
            "4: another document begins here; a configuration file holds only one"
        ),
    ]

    @Test(arguments: refusals)
    func whatIsWrongIsNamedWithItsLineAndWhatWouldBeRight(_ refusal: Refusal) {
        #expect(problems(theirHeader + refusal.body) == refusal.problems)
    }

    @Test func anotherVersionIsRefused() {
        let yaml = "apiVersion: kubeproxy.config.k8s.io/v1alpha2\nkind: KubeProxyConfiguration\n"
        #expect(
            problems(yaml) == [
                "fairlead.yaml:1: apiVersion: \"kubeproxy.config.k8s.io/v1alpha2\" is not known here; "
                    + "write apiVersion: kubeproxy.config.k8s.io/v1alpha1"
            ]
        )
    }

    @Test func aFieldThatIsNotKnownIsLeftAsideWithAWarning() throws {
        let yaml = theirHeader + "ipvs:\n  schedular: lc\nmode: iptables\nnonsense: 1\n"
        let loaded = try LoadedConfiguration(yaml: yaml, fileName: "f")
        #expect(loaded.configuration.ipvs.scheduler.name == "rr")
        #expect(
            loaded.remarks.map(\.description) == [
                "f:4: ipvs.schedular: is not a field of KubeProxyConfiguration, and is left aside; "
                    + "did you mean scheduler?",
                "f:6: nonsense: is not a field of KubeProxyConfiguration, and is left aside",
            ]
        )
    }

    @Test(arguments: 0..<4)
    func noDamageToAFileCrashesTheReader(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let good = Array(try KubeProxySample.text("everything.yaml").unicodeScalars)
        let junk: [Unicode.Scalar] = ["\n", ":", "-", "\"", "{", "]", "&", "*", " ", "0", "\u{0}"]
        for _ in 0..<200 {
            var scalars = good
            for _ in 0..<3 {
                scalars[Int.random(in: scalars.indices, using: &generator)] = generator.pick(junk)
            }
            let damaged = String(String.UnicodeScalarView(scalars))
            guard
                let loaded = try? LoadedConfiguration(yaml: damaged, fileName: "f").configuration
            else { continue }
            // What is accepted keeps all rules of Fairlead's own file.
            let yaml = loaded.compactYAML()
            #expect(try FairleadConfiguration.load(yaml: yaml, fileName: "f") == loaded)
        }
    }
}
