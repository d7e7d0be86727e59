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
            return OwnershipRecord.serviceNames(in: try HostFile.read(path) ?? "")
        case .iptables:
            return try ChainListing.read(stateDirectory: stateDirectory).names
        }
    }
}
