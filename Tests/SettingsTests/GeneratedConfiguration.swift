import Addressing
import Settings
import TestSupport

extension FairleadConfiguration {
    /// A valid configuration, the same for the same seed.
    static func generated(seed: UInt64) -> FairleadConfiguration {
        var generator = SeededGenerator(seed: seed)
        var configuration = FairleadConfiguration()
        configuration.mode = generator.pick(ProxyMode.allCases)
        configuration.nodeName = generator.pick([
            "", "node-1.example", "1234", "null", "on", "0x1f",
        ])
        configuration.ipvs = .generated(&generator)
        configuration.addresses = .generated(&generator)
        configuration.clusterCIDRs = Set(
            (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                IPPrefix(
                    holding: .generated(&generator),
                    length: Int.random(in: 0...128, using: &generator)
                )
            }
        ).sorted()
        configuration.intervals = .generated(&generator)
        configuration.stateDirectory = "/" + generator.path()
        configuration.manifests.directory = generator.pick(
            ["", "~", "/" + generator.path(), generator.path()]
        )
        configuration.manifests.maximumFileSize = ByteQuantity(
            bytes: Int.random(in: 1...1024, using: &generator)
                * generator.pick([4096, 1 << 20, 16 << 20])
        )
        configuration.logging.level = generator.pick(LogLevel.allCases)
        return configuration
    }
}

extension SeededGenerator {
    /// A path with what is hard to quote: signs of YAML, quotes, spaces, letters outside ASCII.
    fileprivate mutating func path() -> String {
        "x" + text(of: "ab/ .:#-'\"\\{}[]&*!|>%@`,?äß東\u{301}\u{e000}\u{2028}🚢", length: 0...12)
    }

    fileprivate mutating func duration(_ range: ClosedRange<Int64>) -> Duration {
        .nanoseconds(Int64.random(in: range, using: &self))
    }
}

extension IPAddress {
    /// Any address but those that no node has for itself.
    fileprivate static func generated(_ generator: inout SeededGenerator) -> IPAddress {
        if Bool.random(using: &generator) {
            return .ipv4(UInt32.random(in: 0x0a00_0000...0x0aff_ffff, using: &generator))
        }
        return .ipv6(
            high: 0xfd00 << 48 | UInt64.random(in: 0...0xffff, using: &generator),
            low: generator.pick([0, generator.next()])
        )
    }
}

extension SchedulerChoice {
    fileprivate static func generated(_ generator: inout SeededGenerator) -> SchedulerChoice {
        let name = generator.pick(["rr", "sh", "mh", "my_own-1", "null", "yes", "9", "-"])
        let allowed = allowedFlags(for: name).shuffled(using: &generator)
        let count = Int.random(in: 0...allowed.count, using: &generator)
        return SchedulerChoice(
            name: name,
            flags: generator.pick([nil, Array(allowed.prefix(count))])
        )
    }
}

extension IPVSSettings {
    fileprivate static func generated(_ generator: inout SeededGenerator) -> IPVSSettings {
        var settings = IPVSSettings()
        settings.scheduler = .generated(&generator)
        for namespace in ["default", "null", "1", "y", "a-b"].shuffled(using: &generator).prefix(2)
        {
            guard Bool.random(using: &generator) else { continue }
            settings.namespaceSchedulers[namespace] = .generated(&generator)
        }
        for timeout in [\ConnectionTimeouts.tcp, \.tcpFin, \.udp] {
            settings.timeouts[keyPath: timeout] = .seconds(
                Int.random(in: 0...2_678_400, using: &generator)
            )
        }
        settings.managesKernelParameters = Bool.random(using: &generator)
        return settings
    }
}

extension AddressSettings {
    fileprivate static func generated(_ generator: inout SeededGenerator) -> AddressSettings {
        var settings = AddressSettings()
        settings.announce = generator.pick(AddressAnnouncement.allCases)
        settings.device = generator.pick(["kube-ipvs0", "1", "#x", "off", "a\"b\\", "-"])
        var addresses: [AddressFamily: IPAddress] = [:]
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            let address = IPAddress.generated(&generator)
            addresses[address.family] = address
        }
        settings.sourceAddresses = addresses.values.sorted()
        return settings
    }
}

extension Intervals {
    fileprivate static func generated(_ generator: inout SeededGenerator) -> Intervals {
        var intervals = Intervals()
        intervals.coalesce = generator.duration(0...60_000_000_000)
        intervals.audit = generator.pick([.zero, generator.duration(1_000_000_000...1 << 46)])
        let waits = [generator.duration(10_000_000...1 << 46), .milliseconds(10), .seconds(5)]
        intervals.retryInitial = generator.pick(waits)
        intervals.retryMaximum = max(intervals.retryInitial, generator.pick(waits))
        return intervals
    }
}
