import Yams

/// A configuration, and what is to be said about how it came to be.
package struct LoadedConfiguration: Hashable, Sendable {
    package var configuration: FairleadConfiguration
    /// In the order of the file; those on flags come after them.
    package var remarks: [ConfigurationRemark]

    package init(_ configuration: FairleadConfiguration, remarks: [ConfigurationRemark] = []) {
        self.configuration = configuration
        self.remarks = remarks
    }

    /// Reads a configuration file of either kind: Fairlead's own, or kube-proxy's
    /// `KubeProxyConfiguration` of `kubeproxy.config.k8s.io/v1alpha1`.
    ///
    /// Beside kube-proxy's there may be documents of other kinds, as in a file for kubeadm; they are
    /// left aside. `fileName` is only for the messages.
    ///
    /// - Throws: all that is wrong in the file at once.
    package init(yaml: String, fileName: String) throws(ConfigurationErrors) {
        try self.init(ConfigurationText(yaml, fileName: fileName), KubeProxyCommandLine())
    }

    /// Reads a configuration file of either kind, with those flags of kube-proxy on top that it
    /// heeds beside a file.
    init(
        _ text: ConfigurationText,
        _ flags: KubeProxyCommandLine
    ) throws(ConfigurationErrors) {
        let document = YAMLDocument(parsing: text.yaml, file: text.fileName)
        let theirs = document.roots.filter { $0.kindName == KubeProxyConfiguration.kind }
        if let root = theirs.first {
            var reading = KubeProxyReading()
            reading.problems += document.problems
            if theirs.count > 1 {
                reading.problems.append(YAMLDocument.surplus(theirs[1], file: text.fileName))
            }
            reading.read(root, of: text.fileName)
            reading.read(flags, besideFile: true)
            self = try reading.result()
            return
        }
        var own = try FairleadConfiguration.load(document, fileName: text.fileName)
        var reading = KubeProxyReading()
        reading.read(flags, besideFile: true)
        try reading.apply(flags, to: &own)
        self.init(own, remarks: reading.remarks)
    }
}

/// The text of a configuration file, and what the file is called in messages.
package struct ConfigurationText: Hashable, Sendable {
    package let yaml: String
    package let fileName: String

    package init(_ yaml: String, fileName: String) {
        self.yaml = yaml
        self.fileName = fileName
    }
}

extension Node {
    /// The `kind` of a Kubernetes object; nil when it has none.
    fileprivate var kindName: String? {
        guard case .mapping(let mapping) = self else { return nil }
        return mapping.first { $0.key.string == "kind" }?.value.string
    }
}
