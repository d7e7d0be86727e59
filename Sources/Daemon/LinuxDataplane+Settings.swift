import Addressing
package import DataplaneModel
package import LinuxDataplane
package import Planning
package import Settings

extension LinuxDataplane {
    /// The addresses that the node's own packets have: the configured ones, else the kernel's choice.
    package mutating func preferredSources(_ settings: AddressSettings) -> PreferredSources {
        var sources = PreferredSources()
        // Where they cannot be read, what is configured counts, and the kernel has the last word.
        let own = settings.sourceAddresses.isEmpty ? nil : try? observeAddresses().foreign
        for family in AddressFamily.allCases {
            let configured = settings.sourceAddresses.first {
                $0.family == family && own?.contains($0) ?? true
            }
            sources[family] = configured ?? preferredSource(family)
        }
        return sources
    }

    /// Opens the dataplane that a configuration describes.
    package init(
        _ mode: DataplaneMode,
        _ configuration: FairleadConfiguration
    ) throws(DataplaneError) {
        try self.init(
            mode,
            device: configuration.addresses.device,
            stateDirectory: configuration.stateDirectory
        )
    }

    /// Whether IPVS, which has to be there, has the scheduler of a configuration.
    static func probeIPVS(
        _ configuration: FairleadConfiguration
    ) throws(DataplaneError) -> ProbeAnswer {
        var device = try LinuxDataplane(.ipvs, configuration)
        return device.probe(Scheduler(rawValue: configuration.ipvs.scheduler.name))
    }
}
