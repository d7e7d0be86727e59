import DirectorySource
import Logging
import ServiceModel
import Settings
import SystemPackage

/// The manifests of a directory, for commands that only look.
enum ManifestReading {
    /// All objects; what is wrong with them is said on standard error.
    ///
    /// - Throws: `Failure` when no directory is named, or it cannot be read.
    static func changes(_ configuration: FairleadConfiguration) throws -> [ClusterChange] {
        let directory = configuration.manifests.directory
        guard !directory.isEmpty else {
            throw Failure(
                "Name a directory of manifests with --manifests, or as manifests.directory in the "
                    + "configuration file."
            )
        }
        let source = DirectorySource(
            directory: FilePath(directory),
            maximumFileSize: configuration.manifests.maximumFileSize.bytes,
            logger: Logger(label: "fairlead") { _ in SwiftLogNoOpLogHandler() }
        )
        let update: ManifestUpdate
        do throws(DirectorySourceError) {
            update = try source.read()
        } catch {
            throw Failure("\(error)")
        }
        for report in update.reports where report.severity == .problem {
            Output.remark("\(report)")
        }
        return update.changes
    }
}
