import DataplaneModel
import LinuxDataplane

/// The kernel's IPVS for commands that only read.
enum KernelListing {
    /// Opens IPVS, loading its module when it is not there, as `ipvsadm` does.
    ///
    /// - Throws: `Failure` that says what is missing.
    static func open() async throws -> IPVSSocket {
        if let socket = try IPVSSocket.open() { return socket }
        let reason = await KernelModules.load("ip_vs")
        if let socket = try IPVSSocket.open() { return socket }
        let words = reason.map { " (\($0))" } ?? ""
        throw Failure(
            """
            This kernel has no IPVS, and the module ip_vs could not be loaded\(words).
            Install the package with this kernel's modules, or load it as root with "modprobe ip_vs".
            """
        )
    }

    /// The name of the Service port of each virtual server, from the daemon's record.
    ///
    /// - Throws: when there is a record that cannot be read; a missing one has no names.
    static func serviceNames(
        stateDirectory: String
    ) throws -> [VirtualServerKey: String] {
        let path = OwnershipRecord.path(in: stateDirectory)
        guard let text = try HostFile.read(path) else {
            Output.remark(
                "there is no record of a daemon in \(stateDirectory); Service names are left out"
            )
            return [:]
        }
        return OwnershipRecord.serviceNames(in: text)
    }
}
