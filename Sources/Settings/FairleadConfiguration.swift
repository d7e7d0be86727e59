package import Addressing

/// The configuration file as one value, with every field that was not given at its default.
///
/// What `load(yaml:fileName:)` and `applying(_:)` return keeps all ranges and rules. A value that
/// is built by hand is not checked.
package struct FairleadConfiguration: Hashable, Sendable {
    package static let apiVersion = "fairlead.dev/v1alpha1"
    package static let kind = "FairleadConfiguration"

    package var mode = ProxyMode.auto
    /// Empty when the host's name is to be taken.
    package var nodeName = ""
    /// The zone of this node when no Node object says it; empty when it is not known.
    package var zone = ""
    package var ipvs = IPVSSettings()
    package var addresses = AddressSettings()
    /// The addresses of Pods, of all nodes together; no prefix twice.
    package var clusterCIDRs: [IPPrefix] = []
    package var localTraffic = LocalTrafficSettings()
    package var masquerade = MasqueradeSettings()
    package var nodePorts = NodePortSettings()
    package var externalIPs = ExternalIPSettings()
    package var packetFilter = PacketFilterUse.auto
    package var draining = DrainingSettings()
    package var intervals = Intervals()
    /// An absolute path.
    package var stateDirectory = "/run/fairlead"
    package var manifests = ManifestSettings()
    package var kubernetes = KubernetesSettings()
    package var health = HealthSettings()
    package var metrics = MetricsSettings()
    package var logging = LoggingSettings()
    package var connectionTracking = ConnectionTrackingSettings()
    /// How readily the kernel ends this process when memory is short; -1000…1000, nil to leave it.
    package var oomScoreAdjust: Int?

    /// The defaults.
    package init() {}
}

/// What carries the traffic to the endpoints.
package enum ProxyMode: String, Hashable, Sendable, CaseIterable {
    /// The best that the node can do.
    case auto
    case ipvs
    case iptables
}

extension FairleadConfiguration: ConfigurationSection {
    static var fields: [Field<FairleadConfiguration>] {
        [
            .constant("apiVersion", apiVersion),
            .constant("kind", kind),
            .value(
                "mode",
                \.mode,
                .mode,
                """
                What carries the traffic of Services to their endpoints: ipvs, or iptables where \
                the kernel has no IPVS. auto takes ipvs if it can, else iptables until it can.
                """
            ),
            .value(
                "nodeName",
                \.nodeName,
                .nodeName,
                "The name of the Node object of this machine. Empty: the host's name."
            ),
            .value(
                "zone",
                \.zone,
                .zone,
                """
                The zone of this node, for Services that prefer endpoints in the same zone, when \
                no Node object says it. Empty: not known.
                """
            ),
            .section("ipvs", \.ipvs, "What is asked of IPVS in the kernel."),
            .section(
                "addresses",
                \.addresses,
                "How the addresses of Services are made known to this node."
            ),
            .list(
                "clusterCIDRs",
                \.clusterCIDRs,
                .prefix,
                """
                The addresses of the pods of all nodes: packets from them are those of pods and \
                keep their source address. Empty: no pod is known.
                """
            ),
            .section(
                "localTraffic",
                \.localTraffic,
                "How packets of pods are told from others."
            ),
            .section(
                "masquerade",
                \.masquerade,
                """
                Whose packets get the node's own address as source, so that the answers come back \
                through this node.
                """
            ),
            .section("nodePorts", \.nodePorts, "Where node ports can be reached."),
            .section("externalIPs", \.externalIPs, "Which externalIPs of Services count."),
            .value(
                "packetFilter",
                \.packetFilter,
                .packetFilter,
                """
                What keeps the rules that IPVS does not have, such as those for masquerading and \
                for source ranges: auto is what the node has for it; with none the kernel's packet \
                filter is left alone, and what needs it is missing.
                """
            ),
            .section(
                "draining",
                \.draining,
                "What becomes of the connections of an endpoint that leaves, with IPVS."
            ),
            .section(
                "intervals",
                \.intervals,
                "When things are done and done again, as durations such as 500ms, 1.5s or 1h30m."
            ),
            .value(
                "stateDirectory",
                \.stateDirectory,
                .absolutePath,
                "The directory for what must outlive the process but not the machine."
            ),
            .section(
                "manifests",
                \.manifests,
                "Where Services and EndpointSlices are read from instead of a cluster."
            ),
            .section("kubernetes", \.kubernetes, "How the API of the cluster is reached."),
            .section("health", \.health, "Where the daemon says whether it is well."),
            .section("metrics", \.metrics, "Where the daemon says what it measures."),
            .section("logging", \.logging, "What is logged."),
            .section(
                "connectionTracking",
                \.connectionTracking,
                """
                What is asked of the kernel's connection tracking, for the whole node. The \
                defaults leave all of it as it is.
                """
            ),
            .optionalValue(
                "oomScoreAdjust",
                \.oomScoreAdjust,
                .signedNumber(-1000...1000),
                """
                How readily the kernel ends this process when memory is short: -1000 is never. \
                Null leaves it as it is.
                """
            ),
        ]
    }

    var contradictions: [Contradiction] {
        .repeated(clusterCIDRs, in: "clusterCIDRs") + FirewallMarkSettings.contradictions(in: self)
            + modeContradictions + sourceContradictions
    }
}

extension FairleadConfiguration {
    private var modeContradictions: [Contradiction] {
        guard mode == .iptables, packetFilter == .never else { return [] }
        return [
            Contradiction(
                "packetFilter",
                keys: ["packetFilter", "mode"],
                value: packetFilter.rawValue,
                "\"\(packetFilter.rawValue)\" leaves the packet filter alone, and mode iptables is "
                    + "nothing but its rules; use auto, or mode ipvs"
            )
        ]
    }
}

extension FairleadConfiguration {
    private var sourceContradictions: [Contradiction] {
        guard !manifests.directory.isEmpty, !kubernetes.kubeconfig.isEmpty else { return [] }
        return [
            Contradiction(
                "manifests.directory",
                keys: ["manifests.directory", "kubernetes.kubeconfig"],
                value: manifests.directory,
                "\"\(manifests.directory)\" and kubernetes.kubeconfig, which is "
                    + "\"\(kubernetes.kubeconfig)\", name two places to take Services from; leave "
                    + "one of them empty"
            )
        ]
    }
}

extension ValueForm where Value == ProxyMode {
    static var mode: Self { .oneOf("a mode") }
}
