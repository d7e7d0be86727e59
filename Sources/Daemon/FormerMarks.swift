import DataplaneModel
import LinuxDataplane

/// Which Service port each mark stood for in the dataplane that connections come to still.
enum FormerMarks {
    /// Reads it out of the record, or, for chains, out of their rules.
    ///
    /// - Throws: `DataplaneError` when they cannot be read.
    static func read(
        _ mode: DataplaneMode,
        stateDirectory: String
    ) throws(DataplaneError) -> [VirtualServerKey: String] {
        switch mode {
        case .ipvs:
            let path = OwnershipRecord.path(in: stateDirectory)
            var names: [VirtualServerKey: String] = [:]
            for (object, name) in OwnershipRecord.parse(try HostFile.read(path) ?? "").owned {
                if case .virtualServer(let key) = object { names[key] = name }
            }
            return names
        case .iptables:
            return try ChainListing.read(stateDirectory: stateDirectory).names
        }
    }
}
