import DataplaneModel
import LinuxDataplane
import Logging
import Settings

/// What the configuration asks of the machine and of this process, and no Service depends on.
struct HostSettings {
    let configuration: FairleadConfiguration
    let logger: Logger

    /// Writes it once; what is refused is a warning, as in a container that may not write it.
    func apply() async {
        let limits = ConnectionTrackingLimits(configuration.connectionTracking)
        if !limits.isEmpty {
            // Without the module there is nothing to write to.
            if !ConnectionTrackingLimits.canBeWritten {
                let obstacle = await KernelModules.load("nf_conntrack")
                if let obstacle { logger.debug("nf_conntrack was not loaded: \(obstacle)") }
            }
            let outcome = limits.write()
            for line in outcome.written { logger.info("set \(line)") }
            for failure in outcome.failures {
                logger.warning("connectionTracking is not in force on this node: \(failure)")
            }
        }
        guard let adjustment = configuration.oomScoreAdjust else { return }
        do throws(DataplaneError) {
            try MemoryShortage.setAdjustment(adjustment)
        } catch {
            logger.warning("oomScoreAdjust \(adjustment) is not in force: \(error)")
        }
    }
}

extension ConnectionTrackingLimits {
    init(_ settings: ConnectionTrackingSettings) {
        self.init()
        maximum = Self.maximum(
            perCore: settings.maxPerCore,
            minimum: settings.minimum,
            cores: Self.cores
        )
        tcpEstablished = Int(settings.tcpEstablishedTimeout.components.seconds)
        tcpCloseWait = Int(settings.tcpCloseWaitTimeout.components.seconds)
        udp = Int(settings.udpTimeout.components.seconds)
        udpStream = Int(settings.udpStreamTimeout.components.seconds)
        tcpBeLiberal = settings.tcpBeLiberal
    }
}
