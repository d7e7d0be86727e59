import LinuxDataplane
import Settings

/// The configuration file as the commands read it.
enum ConfigurationFile {
    /// The configuration in a file, or the defaults for no file, with flags of the command line on top.
    ///
    /// - Throws: `Failure` that lists all that is wrong.
    static func load(
        _ path: String?,
        applying overrides: ConfigurationOverrides = ConfigurationOverrides()
    ) throws -> FairleadConfiguration {
        var configuration = FairleadConfiguration()
        do {
            if let path {
                guard let text = try HostFile.read(path) else {
                    throw Failure("There is no configuration file \(path).")
                }
                configuration = try FairleadConfiguration.load(yaml: text, fileName: path)
            }
            return try configuration.applying(overrides)
        } catch let error as ConfigurationErrors {
            throw Failure(error.problems.map(\.description).joined(separator: "\n"))
        }
    }
}
