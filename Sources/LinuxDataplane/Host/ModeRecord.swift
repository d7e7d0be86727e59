package import DataplaneModel

/// Which dataplane the connections of this machine come to, as the daemon left it.
///
/// A file in the state directory: gone after a restart of the machine, as the dataplane is.
package enum ModeRecord {
    private static func path(_ directory: String) -> String { directory + "/mode" }

    /// The mode that was written last; nil when there is none, or nothing that makes sense.
    ///
    /// - Throws: when there is a file that cannot be read.
    package static func load(stateDirectory: String) throws(DataplaneError) -> DataplaneMode? {
        try HostFile.readOwn(path(stateDirectory)).flatMap { text in
            DataplaneMode(rawValue: String(text.prefix { $0 != "\n" }))
        }
    }

    package static func store(
        _ mode: DataplaneMode,
        stateDirectory: String
    ) throws(DataplaneError) {
        try HostFile.makeDirectory(stateDirectory)
        try HostFile.replace(path(stateDirectory), with: mode.rawValue + "\n")
    }
}
