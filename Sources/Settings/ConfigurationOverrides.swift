/// What the command line says instead of the file: the texts behind the flags, nil for a flag that
/// is not given.
package struct ConfigurationOverrides: Hashable, Sendable {
    /// `--mode`.
    package var mode: String?
    /// `--scheduler`: a name.
    ///
    /// The scheduler's flags in the file stay only when it is the scheduler of the file.
    package var scheduler: String?
    /// `--node`.
    package var nodeName: String?
    /// `--cluster-cidr`: prefixes with commas between them; the empty text for none.
    package var clusterCIDRs: String?
    /// `--manifests`: a directory.
    package var manifestsDirectory: String?
    /// `--kubeconfig`: a file.
    package var kubeconfig: String?
    /// `--masquerade-all`: true, or what the file says.
    package var masqueradesAll: Bool
    /// `--nodeport-addresses`: prefixes with commas between them, or `primary`; the empty text for
    /// all addresses.
    package var nodePortAddresses: String?
    /// `--detect-local-mode`.
    package var localTrafficMode: String?
    /// `--pod-bridge-interface`.
    package var podBridgeInterface: String?
    /// `--pod-interface-name-prefix`.
    package var podInterfaceNamePrefix: String?

    package init(
        mode: String? = nil,
        scheduler: String? = nil,
        nodeName: String? = nil,
        clusterCIDRs: String? = nil,
        manifestsDirectory: String? = nil,
        kubeconfig: String? = nil,
        masqueradesAll: Bool = false,
        nodePortAddresses: String? = nil,
        localTrafficMode: String? = nil,
        podBridgeInterface: String? = nil,
        podInterfaceNamePrefix: String? = nil
    ) {
        self.mode = mode
        self.scheduler = scheduler
        self.nodeName = nodeName
        self.clusterCIDRs = clusterCIDRs
        self.manifestsDirectory = manifestsDirectory
        self.kubeconfig = kubeconfig
        self.masqueradesAll = masqueradesAll
        self.nodePortAddresses = nodePortAddresses
        self.localTrafficMode = localTrafficMode
        self.podBridgeInterface = podBridgeInterface
        self.podInterfaceNamePrefix = podInterfaceNamePrefix
    }
}

extension FairleadConfiguration {
    /// The configuration with the flags in place of what the file says.
    ///
    /// - Throws: all problems of all flags; the `path` of each is the flag, such as `--mode`.
    package func applying(
        _ overrides: ConfigurationOverrides
    ) throws(ConfigurationErrors) -> FairleadConfiguration {
        var result = self
        var problems: [ConfigurationProblem] = []
        var given: Set<String> = []
        func set<Value>(
            _ target: WritableKeyPath<FairleadConfiguration, Value>,
            _ form: ValueForm<Value>,
            _ flag: String,
            _ text: String?
        ) {
            guard let text else { return }
            given.insert(flag)
            do throws(InvalidValue) {
                result[keyPath: target] = try form.parse(text)
            } catch {
                problems.append(
                    ConfigurationProblem(path: flag, value: text, message: error.message)
                )
            }
        }
        set(\.mode, .mode, "--mode", overrides.mode)
        set(\.nodeName, .nodeName, "--node", overrides.nodeName)
        set(\.manifests.directory, .optionalPath, "--manifests", overrides.manifestsDirectory)
        set(\.kubernetes.kubeconfig, .optionalPath, "--kubeconfig", overrides.kubeconfig)
        set(\.ipvs.scheduler.name, .scheduler, "--scheduler", overrides.scheduler)
        if result.ipvs.scheduler.name != ipvs.scheduler.name {
            result.ipvs.scheduler.flags = nil
        }
        set(\.clusterCIDRs, .prefixes, "--cluster-cidr", overrides.clusterCIDRs)
        set(
            \.nodePorts.addresses,
            .nodePortAddresses,
            "--nodeport-addresses",
            overrides.nodePortAddresses
        )
        set(
            \.localTraffic.mode,
            .localTrafficMode,
            "--detect-local-mode",
            overrides.localTrafficMode
        )
        set(
            \.localTraffic.bridgeInterface,
            .bridgeInterface,
            "--pod-bridge-interface",
            overrides.podBridgeInterface
        )
        set(
            \.localTraffic.interfaceNamePrefix,
            .interfaceNamePrefix,
            "--pod-interface-name-prefix",
            overrides.podInterfaceNamePrefix
        )
        if overrides.masqueradesAll { result.masquerade.all = true }
        problems += result.contradictions(of: given, notAmong: Set(problems.map(\.path)))
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
        return result
    }

    /// The flags by the paths of what they stand for, where that can contradict something.
    private static let contradictable = [
        "clusterCIDRs": "--cluster-cidr",
        "manifests.directory": "--manifests",
        "nodePorts.addresses": "--nodeport-addresses",
        "localTraffic.mode": "--detect-local-mode",
        "localTraffic.bridgeInterface": "--pod-bridge-interface",
        "localTraffic.interfaceNamePrefix": "--pod-interface-name-prefix",
    ]

    /// What does not go together since the flags of `given` are in place; nothing that has to do
    /// with a flag of `wrong`, whose value is not there to be compared.
    private func contradictions(
        of given: Set<String>,
        notAmong wrong: Set<String>
    ) -> [ConfigurationProblem] {
        let sections: [(path: String, found: [Contradiction])] = [
            ("", contradictions),
            ("nodePorts.", nodePorts.contradictions),
            ("localTraffic.", localTraffic.contradictions),
        ]
        return sections.flatMap { path, found in
            found.compactMap { found in
                let flags = found.keys.compactMap { Self.contradictable[path + $0] }
                guard let flag = flags.last, !given.isDisjoint(with: flags),
                    wrong.isDisjoint(with: flags)
                else { return nil }
                return ConfigurationProblem(path: flag, value: found.value, message: found.message)
            }
        }
    }
}
