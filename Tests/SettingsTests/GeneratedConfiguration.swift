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
        configuration.zone = generator.pick(["", "zone-a", "1e3", "null", "A_b.c", "7"])
        configuration.ipvs = .generated(&generator)
        configuration.addresses = .generated(&generator)
        configuration.clusterCIDRs = generator.prefixes()
        configuration.localTraffic.mode = generator.pick(LocalTrafficMode.allCases)
        configuration.localTraffic.bridgeInterface = generator.pick(["cni0", "1", "#x", "off"])
        configuration.localTraffic.interfaceNamePrefix = generator.pick([
            "veth", "null", "a\"b", "0",
        ])
        configuration.masquerade.all = Bool.random(using: &generator)
        configuration.masquerade.bit = generator.bit(outside: configuration.ipvs.firewallMarks)
        let prefixes = generator.prefixes()
        configuration.nodePorts.addresses = generator.pick(
            [.all, .primary, prefixes.isEmpty ? .all : .within(prefixes)]
        )
        configuration.nodePorts.localhost = Bool.random(using: &generator)
        configuration.externalIPs.allowed = generator.pick([nil, generator.prefixes()])
        configuration.packetFilter = generator.pick(PacketFilterUse.allCases)
        if configuration.mode == .iptables { configuration.packetFilter = .auto }
        configuration.draining = .generated(&generator)
        configuration.intervals = .generated(&generator)
        configuration.stateDirectory = "/" + generator.path()
        configuration.manifests.directory = generator.pick(
            ["", "~", "/" + generator.path(), generator.path()]
        )
        configuration.manifests.maximumFileSize = ByteQuantity(
            bytes: Int.random(in: 1...1024, using: &generator)
                * generator.pick([4096, 1 << 20, 16 << 20])
        )
        configuration.metrics.realServers = Bool.random(using: &generator)
        configuration.metrics.maximumSeries = Int.random(in: 0...10_000_000, using: &generator)
        configuration.logging.level = generator.pick(LogLevel.allCases)
        configuration.logging.format = generator.pick(LogFormat.allCases)
        if configuration.manifests.directory.isEmpty {
            configuration.kubernetes.kubeconfig = generator.pick(["", "/" + generator.path()])
        }
        configuration.kubernetes.server = generator.pick(["", "https://[fd00::1]:6443"])
        configuration.health.bindAddress = generator.listenAddress()
        configuration.health.bindFailureIsFatal = Bool.random(using: &generator)
        configuration.metrics.bindAddress = generator.listenAddress()
        configuration.metrics.bindFailureIsFatal = Bool.random(using: &generator)
        configuration.connectionTracking = .generated(&generator)
        configuration.oomScoreAdjust = generator.pick([nil, -1000, 0, 1000])
        return configuration
    }
}

extension SeededGenerator {
    /// A path with what is hard to quote: signs of YAML, quotes, spaces, letters outside ASCII.
    fileprivate mutating func path() -> String {
        "x" + text(of: "ab/ .:#-'\"\\{}[]&*!|>%@`,?äß東\u{301}\u{e000}\u{2028}🚢", length: 0...12)
    }

    /// Prefixes in order, none of them twice.
    fileprivate mutating func prefixes() -> [IPPrefix] {
        let count = Int.random(in: 0...3, using: &self)
        return Set(
            (0..<count).map { _ in
                IPPrefix(
                    holding: .generated(&self),
                    length: Int.random(in: 0...128, using: &self)
                )
            }
        ).sorted()
    }

    /// A bit that is set in none of the marks.
    fileprivate mutating func bit(outside marks: FirewallMarkSettings) -> Int {
        pick((marks.bits..<32).filter { marks.base >> UInt32($0) & 1 == 0 })
    }

    fileprivate mutating func duration(_ range: ClosedRange<Int64>) -> Duration {
        .nanoseconds(Int64.random(in: range, using: &self))
    }
}

extension SeededGenerator {
    fileprivate mutating func listenAddress() -> ListenAddress? {
        let port = UInt16.random(in: 1...65535, using: &self)
        return pick([
            nil, ListenAddress(port: port), ListenAddress(address: .generated(&self), port: port),
        ])
    }
}

extension ConnectionTrackingSettings {
    fileprivate static func generated(
        _ generator: inout SeededGenerator
    ) -> ConnectionTrackingSettings {
        var settings = ConnectionTrackingSettings()
        settings.maxPerCore = generator.pick([0, 1, Int(Int32.max)])
        settings.minimum = generator.pick([0, 131_072])
        settings.tcpEstablishedTimeout = .seconds(
            Int.random(in: 0...2_145_600, using: &generator)
        )
        settings.tcpCloseWaitTimeout = generator.pick([.zero, .seconds(1)])
        settings.tcpBeLiberal = Bool.random(using: &generator)
        settings.udpTimeout = generator.pick([.zero, .seconds(30)])
        settings.udpStreamTimeout = generator.pick([.zero, .seconds(2_145_600)])
        return settings
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
        settings.firewallMarks.bits = Int.random(in: 1...24, using: &generator)
        // Not all bits, for one of them is the bit for masquerading.
        let number = UInt32.random(in: 1...0x7f, using: &generator)
        settings.firewallMarks.base = number << UInt32(settings.firewallMarks.bits)
        settings.excludedRanges = generator.prefixes()
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
        settings.strictARP = Bool.random(using: &generator)
        return settings
    }
}

extension DrainingSettings {
    fileprivate static func generated(_ generator: inout SeededGenerator) -> DrainingSettings {
        var settings = DrainingSettings()
        settings.timeout = generator.duration(0...1 << 51)
        settings.datagramTimeout = generator.duration(0...1 << 41)
        settings.unresponsiveTimeout = generator.pick([
            .zero, generator.duration(5_000_000_000...1 << 41),
        ])
        settings.atTimeout = generator.pick(Ending.allCases)
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
        intervals.reprobe = max(.seconds(1), generator.pick(waits))
        intervals.retryMaximum = max(intervals.retryInitial, generator.pick(waits))
        return intervals
    }
}
