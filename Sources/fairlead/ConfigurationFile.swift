import LinuxDataplane
import Settings

/// The configuration file as the commands read it.
enum ConfigurationFile {
    /// The configuration in a file of Fairlead or of kube-proxy, or the defaults for no file, with
    /// flags of the command line on top.
    ///
    /// What is to be said about it goes to standard error.
    ///
    /// - Throws: `Failure` that lists all that is wrong.
    static func load(
        _ path: String?,
        applying overrides: ConfigurationOverrides = ConfigurationOverrides()
    ) throws -> FairleadConfiguration {
        try inWords {
            var configuration = FairleadConfiguration()
            if let path {
                let text = try text(path)
                let loaded = try LoadedConfiguration(yaml: text.yaml, fileName: path)
                say(loaded.remarks)
                configuration = loaded.configuration
            }
            return try configuration.applying(overrides)
        }
    }

    /// The longest one that is read, in bytes.
    static let longest = 1 << 20

    /// The text of a file that must be there.
    static func text(_ path: String) throws -> ConfigurationText {
        guard let text = try HostFile.read(path, upTo: longest) else {
            throw Failure("There is no configuration file \(path).")
        }
        return ConfigurationText(text, fileName: path)
    }

    /// Says on standard error what is to be said about a configuration.
    static func say(_ remarks: [ConfigurationRemark]) {
        for remark in remarks {
            switch remark.importance {
            case .notice: Output.remark("note: \(remark)")
            case .warning: Output.remark("warning: \(remark)")
            }
        }
    }

    /// What `read` answers.
    ///
    /// - Throws: `Failure` that lists all that is wrong with a configuration.
    static func inWords<Answer>(_ read: () throws -> Answer) throws -> Answer {
        do {
            return try read()
        } catch let error as ConfigurationErrors {
            throw Failure(error.problems.map(\.description).joined(separator: "\n"))
        }
    }
}
