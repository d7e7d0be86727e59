import Addressing

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

    package init(
        mode: String? = nil,
        scheduler: String? = nil,
        nodeName: String? = nil,
        clusterCIDRs: String? = nil,
        manifestsDirectory: String? = nil
    ) {
        self.mode = mode
        self.scheduler = scheduler
        self.nodeName = nodeName
        self.clusterCIDRs = clusterCIDRs
        self.manifestsDirectory = manifestsDirectory
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
        func set<Value>(
            _ target: WritableKeyPath<FairleadConfiguration, Value>,
            _ form: ValueForm<Value>,
            _ flag: String,
            _ text: String?
        ) {
            guard let text else { return }
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
        set(\.ipvs.scheduler.name, .scheduler, "--scheduler", overrides.scheduler)
        if result.ipvs.scheduler.name != ipvs.scheduler.name {
            result.ipvs.scheduler.flags = nil
        }
        set(\.clusterCIDRs, .prefixes, "--cluster-cidr", overrides.clusterCIDRs)
        for found in result.contradictions where found.keys.contains("clusterCIDRs") {
            guard overrides.clusterCIDRs != nil else { continue }
            problems.append(
                ConfigurationProblem(
                    path: "--cluster-cidr",
                    value: found.value,
                    message: found.message
                )
            )
        }
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
        return result
    }
}

extension ValueForm where Value == [IPPrefix] {
    /// Prefixes on one line, with commas between them.
    fileprivate static var prefixes: Self {
        let prefix = ValueForm<IPPrefix>.prefix
        return Self(allowed: prefix.allowed) { text throws(InvalidValue) in
            var prefixes: [IPPrefix] = []
            guard !text.isEmpty else { return prefixes }
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                prefixes.append(try prefix.parse(String(part)))
            }
            return prefixes
        } print: {
            $0.map { "\($0)" }.joined(separator: ",")
        }
    }
}
