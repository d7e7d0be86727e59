import Addressing
import Settings
import Testing

@Suite struct OverridesTests {
    private func problems(_ overrides: ConfigurationOverrides) -> [String] {
        do throws(ConfigurationErrors) {
            _ = try FairleadConfiguration().applying(overrides)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("No flags change nothing", arguments: 0..<10)
    func none(_ seed: UInt64) throws {
        let configuration = FairleadConfiguration.generated(seed: seed)
        #expect(try configuration.applying(ConfigurationOverrides()) == configuration)
    }

    @Test("Flags win over the file")
    func all() throws {
        let configuration = try load(
            "mode: auto\nnodeName: a\nclusterCIDRs: [10.0.0.0/8]\n"
        ).applying(
            ConfigurationOverrides(
                mode: "ipvs",
                scheduler: "lc",
                nodeName: "b",
                clusterCIDRs: "10.1.0.0/16,fd00::/8",
                manifestsDirectory: "./manifests",
                masqueradesAll: true,
                nodePortAddresses: "192.168.0.0/16,fd00::/64",
                localTrafficMode: "BridgeInterface",
                podBridgeInterface: "cni0",
                podInterfaceNamePrefix: "veth"
            )
        )
        #expect(configuration.masquerade.all)
        #expect(
            configuration.nodePorts.addresses
                == .within([
                    IPPrefix(holding: .ipv4(0xc0a8_0000), length: 16),
                    IPPrefix(holding: .ipv6(high: 0xfd00 << 48, low: 0), length: 64),
                ])
        )
        #expect(configuration.localTraffic.mode == .bridgeInterface)
        #expect(configuration.localTraffic.bridgeInterface == "cni0")
        #expect(configuration.localTraffic.interfaceNamePrefix == "veth")
        #expect(configuration.mode == .ipvs)
        #expect(configuration.ipvs.scheduler == SchedulerChoice(name: "lc"))
        #expect(configuration.nodeName == "b")
        #expect(configuration.clusterCIDRs.map(\.description) == ["10.1.0.0/16", "fd00::/8"])
        #expect(configuration.manifests.directory == "./manifests")
    }

    @Test("A flag without a value takes nothing back")
    func truth() throws {
        let file = try load("masquerade: {all: true}")
        #expect(try file.applying(ConfigurationOverrides()).masquerade.all)
    }

    @Test("Node ports can be at the primary addresses")
    func primary() throws {
        let configuration = try load("nodePorts: {addresses: [10.0.0.0/8]}")
            .applying(ConfigurationOverrides(nodePortAddresses: "primary"))
        #expect(configuration.nodePorts.addresses == .primary)
    }

    /// Flags beside a bridge and a kubeconfig in the file, and the problems.
    static let ways: [(ConfigurationOverrides, [String])] = [
        (ConfigurationOverrides(localTrafficMode: "BridgeInterface"), []),
        (
            ConfigurationOverrides(localTrafficMode: "BridgeInterface", podBridgeInterface: ""),
            [
                "--pod-bridge-interface: is empty; the mode BridgeInterface needs the name of the "
                    + "bridge"
            ]
        ),
        (
            ConfigurationOverrides(localTrafficMode: "InterfaceNamePrefix"),
            [
                "--pod-interface-name-prefix: is empty; the mode InterfaceNamePrefix needs what the "
                    + "names of the interfaces begin with"
            ]
        ),
        (
            ConfigurationOverrides(
                localTrafficMode: "InterfaceNamePrefix",
                podInterfaceNamePrefix: "*"
            ),
            [
                "--pod-interface-name-prefix: \"*\" is not the beginning of interface names; "
                    + "allowed: 0…14 characters of ASCII, without \"/\", \":\", \"%\", \"+\", \"*\" "
                    + "and spaces"
            ]
        ),
        (
            ConfigurationOverrides(localTrafficMode: "bridge"),
            [
                "--detect-local-mode: \"bridge\" is not a way to tell packets of pods; allowed are "
                    + "ClusterCIDR, NodeCIDR, BridgeInterface and InterfaceNamePrefix"
            ]
        ),
        (
            ConfigurationOverrides(manifestsDirectory: "/m"),
            [
                "--manifests: \"/m\" and kubernetes.kubeconfig, which is \"/k\", name two places to "
                    + "take Services from; leave one of them empty"
            ]
        ),
        (
            ConfigurationOverrides(nodePortAddresses: "10.0.0.0/8,10.0.0.0/8"),
            ["--nodeport-addresses: \"10.0.0.0/8\" is given twice"]
        ),
        (
            ConfigurationOverrides(nodePortAddresses: "primary,10.0.0.0/8"),
            [
                "--nodeport-addresses: \"primary\" is not a prefix such as 10.0.0.0/8 or fd00::/8"
            ]
        ),
    ]

    @Test("Flags must go together with each other and with the file", arguments: ways)
    func together(_ overrides: ConfigurationOverrides, _ problems: [String]) throws {
        let file = try load(
            "localTraffic: {bridgeInterface: cni0}\nkubernetes: {kubeconfig: /k}"
        )
        do throws(ConfigurationErrors) {
            _ = try file.applying(overrides)
            #expect(problems.isEmpty)
        } catch {
            #expect(error.problems.map(\.description) == problems)
        }
    }

    @Test("An empty flag takes back what the file says")
    func empty() throws {
        let configuration = try load(
            "nodeName: a\nclusterCIDRs: [10.0.0.0/8]\nmanifests: {directory: /a}\n"
                + "nodePorts: {addresses: primary}\nlocalTraffic: {interfaceNamePrefix: veth}\n"
        ).applying(
            ConfigurationOverrides(
                nodeName: "",
                clusterCIDRs: "",
                manifestsDirectory: "",
                nodePortAddresses: "",
                podInterfaceNamePrefix: ""
            )
        )
        #expect(configuration == FairleadConfiguration())
    }

    @Test(
        "The flags of the file's scheduler stay with that scheduler only",
        arguments: [("sh", ["sh-port"]), ("rr", nil), ("mh", nil)] as [(String, [String]?)]
    )
    func schedulerFlags(_ name: String, _ flags: [String]?) throws {
        let configuration = try load("ipvs: {scheduler: {name: sh, flags: [sh-port]}}")
            .applying(ConfigurationOverrides(scheduler: name))
        #expect(configuration.ipvs.scheduler == SchedulerChoice(name: name, flags: flags))
    }

    @Test("All wrong flags are told at once, each by its name")
    func problems() {
        let overrides = ConfigurationOverrides(
            mode: "nat",
            scheduler: "Round Robin",
            nodeName: "-",
            clusterCIDRs: "10.0.0.0/8,",
            manifestsDirectory: "a\nb"
        )
        #expect(
            problems(overrides) == [
                "--cluster-cidr: \"\" is not a prefix such as 10.0.0.0/8 or fd00::/8",
                "--manifests: \"a\\nb\" is not a path; allowed: a path; a relative one begins where "
                    + "the program is started",
                "--mode: \"nat\" is not a mode; allowed are auto, ipvs and iptables",
                "--node: \"-\" is not the name of a Node; allowed: lower-case letters, digits, "
                    + "\"-\" and \".\" inside, at most 253 characters",
                "--scheduler: \"Round Robin\" is not a scheduler name; allowed are lower-case names "
                    + "of at most 15 characters such as rr, wrr, lc, wlc, sh and mh; did you mean "
                    + "rr?",
            ]
        )
        #expect(
            problems(ConfigurationOverrides(clusterCIDRs: "10.0.0.0/8,10.0.0.0/8"))
                == ["--cluster-cidr: \"10.0.0.0/8\" is given twice"]
        )
    }

    @Test(
        "A scheduler's name written out is taken for a mistake",
        arguments: ["round-robin", "Round Robin", "ROUNDROBIN", "rr ", " RR", "Maglev Hashing"]
    )
    func writtenOut(_ name: String) {
        let meant = name.lowercased().hasPrefix("m") ? "mh" : "rr"
        let found = problems(ConfigurationOverrides(scheduler: name))
        #expect(found.count == 1 && found[0].hasSuffix("did you mean \(meant)?"))
    }
}
