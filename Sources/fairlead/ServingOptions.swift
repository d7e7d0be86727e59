import ArgumentParser
import Settings

/// The options of commands that serve, or say what serving would do: they win over the configuration
/// file.
struct ServingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The directory of manifests.", valueName: "directory"))
    var manifests: String?

    @Option(
        help: ArgumentHelp(
            "The kubeconfig to reach the cluster's API with; in a pod none is needed.",
            valueName: "file"
        )
    )
    var kubeconfig: String?

    @Option(
        help: ArgumentHelp(
            "The configuration file: Fairlead's own, or kube-proxy's.",
            valueName: "file"
        )
    )
    var config: String?

    @Option(
        help: ArgumentHelp("The name of this node; the host name by default.", valueName: "name")
    )
    var node: String?

    @Option(
        help: ArgumentHelp("How packets are balanced: auto, ipvs or iptables.", valueName: "mode")
    )
    var mode: String?

    @Option(help: ArgumentHelp("The scheduler of Services that name none.", valueName: "name"))
    var scheduler: String?

    @Option(
        help: ArgumentHelp(
            "The address ranges of pods, separated by commas; packets from them keep their source.",
            valueName: "prefixes"
        )
    )
    var clusterCidr: String?

    @Option(
        help: ArgumentHelp(
            "How packets of pods are told from others: ClusterCIDR, NodeCIDR, BridgeInterface or "
                + "InterfaceNamePrefix.",
            valueName: "mode"
        )
    )
    var detectLocalMode: String?

    @Option(
        help: ArgumentHelp(
            "The bridge that this node's pods are on, for BridgeInterface.",
            valueName: "interface"
        )
    )
    var podBridgeInterface: String?

    @Option(
        help: ArgumentHelp(
            "What the names of the pods' interfaces begin with, for InterfaceNamePrefix.",
            valueName: "text"
        )
    )
    var podInterfaceNamePrefix: String?

    @Flag(help: "Give all packets to cluster IPs the node's own address as source.")
    var masqueradeAll = false

    @Option(
        help: ArgumentHelp(
            "The addresses of the node that have node ports: ranges separated by commas, or primary.",
            valueName: "prefixes"
        )
    )
    var nodeportAddresses: String?

    /// The configuration that follows from file and options.
    ///
    /// - Throws: `Failure` that lists all that is wrong.
    func configuration() throws -> FairleadConfiguration {
        try ConfigurationFile.load(config, applying: overrides)
    }

    /// The configuration file, and what a change of it comes to with these options; nil without one.
    var followedFile: FollowedFile? {
        guard let config else { return nil }
        let overrides = overrides
        return FollowedFile(path: config) { text throws(ConfigurationErrors) in
            var loaded = try LoadedConfiguration(yaml: text, fileName: config)
            loaded.configuration = try loaded.configuration.applying(overrides)
            return loaded
        }
    }

    private var overrides: ConfigurationOverrides {
        ConfigurationOverrides(
            mode: mode,
            scheduler: scheduler,
            nodeName: node,
            clusterCIDRs: clusterCidr,
            manifestsDirectory: manifests,
            kubeconfig: kubeconfig,
            masqueradesAll: masqueradeAll,
            nodePortAddresses: nodeportAddresses,
            localTrafficMode: detectLocalMode,
            podBridgeInterface: podBridgeInterface,
            podInterfaceNamePrefix: podInterfaceNamePrefix
        )
    }

    /// The name of this machine's Node object.
    static func nodeName(_ configuration: FairleadConfiguration) -> String {
        configuration.nodeName.isEmpty ? SystemNames.ownHostName : configuration.nodeName
    }
}
