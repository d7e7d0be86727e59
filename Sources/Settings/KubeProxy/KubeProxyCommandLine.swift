/// kube-proxy's command line: `--flag=value`, `--flag value`, `--flag` for truth values, and `-v2`.
///
/// An underscore in a flag's name is a hyphen, as for all components of Kubernetes. Of a flag that
/// is given twice the last value counts.
package struct KubeProxyCommandLine: Hashable, Sendable {
    /// In their order, each flag once, but for those that add to a list.
    private(set) var uses: [KubeProxyFlagUse] = []

    /// Without any flag.
    package init() {}

    /// - Throws: every flag that is not known, every value that is missing, and every word that is
    ///   no flag.
    package init(_ arguments: [String]) throws(ConfigurationErrors) {
        var problems: [ConfigurationProblem] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" { continue }
            do throws(InvalidValue) {
                try take(argument, &rest)
            } catch {
                let name = argument.prefix { $0 != "=" }
                problems.append(
                    ConfigurationProblem(
                        path: String(name),
                        value: argument,
                        message: error.message
                    )
                )
            }
        }
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
    }

    private mutating func take(
        _ argument: String,
        _ rest: inout ArraySlice<String>
    ) throws(InvalidValue) {
        var name = argument
        var value: String?
        if argument.hasPrefix("--") {
            name = String(argument.dropFirst(2))
            if let sign = name.firstIndex(of: "=") {
                value = String(name[name.index(after: sign)...])
                name = String(name[..<sign])
            }
            name = String(name.map { $0 == "_" ? "-" : $0 })
        } else if argument == "-h" {
            name = "help"
        } else if argument.hasPrefix("-v"), !argument.dropFirst(2).contains(where: \.isLetter) {
            name = "v"
            let behind = argument.dropFirst(2)
            if !behind.isEmpty { value = String(behind.first == "=" ? behind.dropFirst() : behind) }
        } else {
            let isLong = argument.hasPrefix("-") && argument.count > 2
            throw InvalidValue(
                isLong
                    ? "is not a flag: they begin with two hyphens, as in -\(argument)"
                    : "is not a flag, and kube-proxy takes nothing else"
            )
        }
        guard let flag = KubeProxyFlag.all.first(where: { $0.name == name }) else {
            let meant = Spelling.closest(to: name, among: KubeProxyFlag.all.map(\.name))
            let advice = meant.map { "did you mean --\($0)?" } ?? "--help lists them"
            throw InvalidValue("is not a flag of kube-proxy; \(advice)")
        }
        if value == nil {
            if flag.form == .truth {
                value = "true"
            } else if let next = rest.popFirst() {
                value = next
            }
        }
        guard let value else { throw InvalidValue("needs a value, as in --\(name)=VALUE") }
        if flag.form == .truth, (try? ValueForm<Bool>.kubeProxyTruth.parse(value)) == nil {
            throw InvalidValue("\"\(value)\" is not a truth value; write true or false")
        }
        if flag.form == .text || flag.form == .truth { uses.removeAll { $0.flag == flag } }
        uses.append(KubeProxyFlagUse(flag: flag, value: value))
    }

    func isGiven(_ name: String) -> Bool { uses.contains { $0.flag.name == name } }

    private func value(_ name: String) -> String? {
        uses.last { $0.flag.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
    }

    private func isOn(_ name: String) -> Bool {
        value(name).flatMap { try? ValueForm<Bool>.kubeProxyTruth.parse($0) } ?? false
    }

    /// `--config`.
    package var configFile: String? { value("config") }
    /// `--write-config-to`.
    package var writeConfigTo: String? { value("write-config-to") }
    /// `--cleanup`.
    package var wantsCleanup: Bool { isOn("cleanup") }
    /// `--init-only`.
    package var wantsInitializationOnly: Bool { isOn("init-only") }
    /// `--help`.
    package var wantsHelp: Bool { isOn("help") }
    /// `--version`, with whatever value but false.
    package var wantsVersion: Bool { isOn("version") }

    /// The configuration that follows from the flags, and from the file that `--config` names.
    ///
    /// Beside a file few flags count, as for kube-proxy: the name of the node, the API server and
    /// what is logged. There is a remark on each of the others.
    ///
    /// - Throws: all that is wrong in the file and the flags.
    package func configuration(
        file: ConfigurationText?
    ) throws(ConfigurationErrors) -> LoadedConfiguration {
        if let file { return try LoadedConfiguration(file, self) }
        var reading = KubeProxyReading()
        reading.read(self, besideFile: false)
        return try reading.result()
    }

    /// The flags, one a line, each with the field of the configuration file that it stands for.
    package static var help: String {
        let width = (KubeProxyFlag.all.map(\.name.count).max() ?? 0) + 2
        return KubeProxyFlag.all.map { flag in
            let gap = String(repeating: " ", count: width - flag.name.count)
            let field = flag.path.map { "\($0): " } ?? ""
            return "  --\(flag.name)\(gap)\(field)\(flag.purpose)\n"
        }.joined()
    }
}
