import Yams

/// Gathers kube-proxy's configuration from its file and from flags, and what is to be said about it.
struct KubeProxyReading {
    private(set) var given = KubeProxyConfiguration()
    private(set) var origin = SettingOrigin()
    var problems: [ConfigurationProblem] = []
    var remarks: [ConfigurationRemark] = []
    /// The URL of the API server, which no field of the file has; empty when it is not given.
    private var server = ""

    /// Takes all that a document says.
    mutating func read(_ root: Node, of file: String) {
        var reader = FieldReader(file: file, isLenient: true)
        reader.section(
            root,
            at: "",
            into: &given,
            requiring: [
                "apiVersion": KubeProxyConfiguration.apiVersion,
                "kind": KubeProxyConfiguration.kind,
            ]
        )
        origin.file = file
        origin.lines = reader.lines
        problems += reader.problems
        remarks += reader.remarks
    }

    /// Takes what the flags say; beside a file only those of them that kube-proxy heeds then.
    mutating func read(_ flags: KubeProxyCommandLine, besideFile: Bool) {
        for use in flags.uses where besideFile && !use.flag.countsBesideFile {
            remarks.append(
                ConfigurationRemark(
                    .warning,
                    file: nil,
                    path: "--\(use.flag.name)",
                    message: "is left aside, as by kube-proxy: with --config the file says it"
                )
            )
        }
        let uses = flags.uses.filter { !besideFile || $0.flag.countsBesideFile }
        var reader = FieldReader(file: "", isLenient: true)
        reader.section(KubeProxyFlagTree.root(of: uses), at: "", into: &given)
        for use in uses {
            if let path = use.flag.path { origin.flags[path] = use.flag.name }
        }
        problems += reader.problems.map {
            origin.problem($0.path, value: $0.value ?? "", $0.message)
        }
        for use in uses { takeOwn(use) }
    }

    /// Takes a flag that is not the same as a field.
    private mutating func takeOwn(_ use: KubeProxyFlagUse) {
        switch use.flag.effect {
        case .none(let reason) where use.saysSomething:
            remarks.append(
                ConfigurationRemark(
                    .warning,
                    file: nil,
                    path: "--\(use.flag.name)",
                    message: "has no effect: \(reason)"
                )
            )
        case .own where use.flag.name == "master": server = use.value
        case .own where use.flag.name == "healthz-port":
            setPort(\.healthzBindAddress, "healthzBindAddress", use)
        case .own where use.flag.name == "metrics-port":
            setPort(\.metricsBindAddress, "metricsBindAddress", use)
        case .field("healthzBindAddress") where use.value.isEmpty:
            given.healthzBindAddress = .nowhere
        case .field("metricsBindAddress") where use.value.isEmpty:
            given.metricsBindAddress = .nowhere
        default: break
        }
    }

    /// Zero is nowhere; another port counts when no port is given with the address.
    private mutating func setPort(
        _ target: WritableKeyPath<KubeProxyConfiguration, KubeProxyListening>,
        _ path: String,
        _ use: KubeProxyFlagUse
    ) {
        guard let port = UInt16(use.value) else {
            problems.append(
                ConfigurationProblem(
                    path: "--\(use.flag.name)",
                    value: use.value,
                    message: "\"\(use.value)\" is not a port; allowed: 1…65535, and 0 for nowhere"
                )
            )
            return
        }
        guard port > 0 else {
            given[keyPath: target] = .nowhere
            return
        }
        switch given[keyPath: target] {
        case .standard:
            // The usual address with another port: only the health port is on all addresses.
            let address = path == "healthzBindAddress" ? nil : given.usualMetricsAddress
            given[keyPath: target] = .at(address, port: port)
        case .at(let address, port: nil): given[keyPath: target] = .at(address, port: port)
        case .at, .nowhere: break
        }
    }

    /// What all of it is in Fairlead's words.
    ///
    /// - Throws: all that is wrong.
    func result() throws(ConfigurationErrors) -> LoadedConfiguration {
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
        var conversion = KubeProxyConversion(given, origin)
        conversion.convert()
        var problems = conversion.problems
        var configuration = conversion.result
        setServer(of: &configuration, &problems)
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
        let remarks = (remarks + conversion.remarks).enumerated().sorted {
            ($0.element.line ?? .max, $0.offset) < ($1.element.line ?? .max, $1.offset)
        }
        return LoadedConfiguration(configuration, remarks: remarks.map(\.element))
    }

    private func setServer(
        of configuration: inout FairleadConfiguration,
        _ problems: inout [ConfigurationProblem]
    ) {
        guard !server.isEmpty else { return }
        do throws(InvalidValue) {
            configuration.kubernetes.server = try ValueForm<String>.kubernetesWord.parse(server)
        } catch {
            problems.append(
                ConfigurationProblem(path: "--master", value: server, message: error.message)
            )
        }
    }

    /// Puts the flags that count beside a file on top of Fairlead's own configuration.
    ///
    /// - Throws: what is wrong with the flags.
    func apply(
        _ flags: KubeProxyCommandLine,
        to configuration: inout FairleadConfiguration
    ) throws(ConfigurationErrors) {
        var problems = problems
        setServer(of: &configuration, &problems)
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
        if flags.isGiven("hostname-override") { configuration.nodeName = given.hostnameOverride }
        if flags.isGiven("logging-format") { configuration.logging.format = given.logging.format }
        if flags.isGiven("v") { configuration.logging.level = given.logging.level }
    }
}
