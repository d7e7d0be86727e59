import Addressing
import DataplaneModel
import LinuxDataplane
import Settings

/// Which dataplane serves, and why.
struct DataplaneChoice: Hashable, Sendable {
    let mode: DataplaneMode
    /// The rest of a sentence that begins with the mode.
    let reason: String
    /// Something better is asked for, and looked for from time to time.
    let isFallback: Bool
}

/// Chooses the dataplane by the configuration and by what the kernel can do.
struct DataplaneChooser: Sendable {
    let configuration: FairleadConfiguration

    /// Chooses, and loads the modules that the choice needs.
    ///
    /// - Throws: `DataplaneError` when what is asked for cannot be had.
    func choose() async throws(DataplaneError) -> DataplaneChoice {
        switch configuration.mode {
        case .iptables:
            return DataplaneChoice(
                mode: .iptables,
                reason: "as the configuration asks for it",
                isFallback: false
            )
        case .ipvs:
            if let obstacle = await obstacleToIPVS() { throw obstacle }
            return DataplaneChoice(
                mode: .ipvs,
                reason: "as the configuration asks for it",
                isFallback: false
            )
        case .auto:
            guard let obstacle = await obstacleToIPVS() else {
                return DataplaneChoice(
                    mode: .ipvs,
                    reason: "as this kernel has it",
                    isFallback: false
                )
            }
            // Without rights, or without rules, the other would not work either.
            guard obstacle.code != .notPermitted, configuration.packetFilter == .auto else {
                throw obstacle
            }
            return DataplaneChoice(
                mode: .iptables,
                reason: obstacle.code == .noEntry ? obstacle.hint : "\(obstacle)",
                isFallback: true
            )
        }
    }

    /// Why IPVS cannot serve with the configured scheduler; nil when it can.
    func obstacleToIPVS() async -> DataplaneError? {
        do throws(DataplaneError) {
            if try !IPVSSocket.isAvailable() {
                var reason = await KernelModules.load("ip_vs")
                if reason == nil, try !IPVSSocket.isAvailable() {
                    reason = "modprobe says it is loaded"
                }
                if let reason { return Self.missing(reason) }
            }
            switch try LinuxDataplane.probeIPVS(configuration) {
            case .available: return nil
            case .missing:
                return .missing(Scheduler(rawValue: configuration.ipvs.scheduler.name))
            case .inconclusive(let error): return error
            }
        } catch {
            return error
        }
    }

    private static func missing(_ reason: String) -> DataplaneError {
        DataplaneError(
            action: "use IPVS",
            code: .noEntry,
            hint: "this kernel has no IPVS, and the module ip_vs could not be loaded "
                + "(\(reason)); install the package with this kernel's modules, or load it "
                + "with \"modprobe ip_vs\""
        )
    }
}
