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
                manifestsDirectory: "./manifests"
            )
        )
        #expect(configuration.mode == .ipvs)
        #expect(configuration.ipvs.scheduler == SchedulerChoice(name: "lc"))
        #expect(configuration.nodeName == "b")
        #expect(configuration.clusterCIDRs.map(\.description) == ["10.1.0.0/16", "fd00::/8"])
        #expect(configuration.manifests.directory == "./manifests")
    }

    @Test("An empty flag takes back what the file says")
    func empty() throws {
        let configuration = try load(
            "nodeName: a\nclusterCIDRs: [10.0.0.0/8]\nmanifests: {directory: /a}\n"
        ).applying(
            ConfigurationOverrides(nodeName: "", clusterCIDRs: "", manifestsDirectory: "")
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
                "--mode: \"nat\" is not a mode; allowed are auto and ipvs",
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
