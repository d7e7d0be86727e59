import Addressing
import ServiceModel

/// Says in Fairlead's words what kube-proxy's configuration says.
struct KubeProxyConversion {
    let given: KubeProxyConfiguration
    private let origin: SettingOrigin
    var result = FairleadConfiguration()
    private(set) var problems: [ConfigurationProblem] = []
    private(set) var remarks: [ConfigurationRemark] = []

    init(_ given: KubeProxyConfiguration, _ origin: SettingOrigin) {
        self.given = given
        self.origin = origin
    }

    mutating func convert() {
        convertMode()
        convertIPVS()
        convertMasquerading()
        convertAddresses()
        convertListening()
        convertLocalTraffic()
        convertNodePorts()
        convertConnectionTracking()
        convertRest()
        remarkOnRest()
    }

    mutating func note(_ path: String, _ message: String) {
        remarks.append(origin.remark(.notice, path, message))
    }

    mutating func warn(_ path: String, _ message: String) {
        remarks.append(origin.remark(.warning, path, message))
    }

    mutating func refuse(_ path: String, _ value: String, _ message: String) {
        problems.append(origin.problem(path, value: value, message))
    }

    private mutating func convertMode() {
        switch given.mode {
        case .standard:
            result.mode = .auto
            note(
                "mode",
                """
                is not given, which is iptables to kube-proxy; Fairlead takes IPVS, and iptables \
                where the kernel has none
                """
            )
        case .ipvs:
            result.mode = .auto
            note(
                "mode",
                """
                ipvs becomes auto: IPVS, and iptables with a warning where the kernel has none; \
                mode: ipvs in Fairlead's own configuration insists on IPVS
                """
            )
        case .iptables: result.mode = .iptables
        case .nftables:
            result.mode = .iptables
            warn("mode", "nftables is not a mode of Fairlead; iptables is taken in its place")
        }
        let periods: (path: String, sync: Duration, least: Duration, usual: Duration) =
            switch given.mode {
            case .nftables:
                ("nftables", given.nftables.syncPeriod, given.nftables.minSyncPeriod, .seconds(1))
            case .ipvs: ("ipvs", given.ipvs.syncPeriod, given.ipvs.minSyncPeriod, .zero)
            case .iptables, .standard:
                ("iptables", given.iptables.syncPeriod, given.iptables.minSyncPeriod, .seconds(1))
            }
        if periods.sync > .zero {
            let allowed = Duration.seconds(1) ... .seconds(24 * 3600)
            let audit = min(max(periods.sync, allowed.lowerBound), allowed.upperBound)
            result.intervals.audit = audit
            if audit != periods.sync {
                note(
                    "\(periods.path).syncPeriod",
                    """
                    \(periods.sync.kubernetesText) becomes \(audit.kubernetesText); allowed for \
                    intervals.audit is 1s…24h
                    """
                )
            }
        }
        if periods.least > .zero, periods.least != periods.usual {
            note(
                "\(periods.path).minSyncPeriod",
                """
                is not needed: it keeps kube-proxy from writing everything too often, and Fairlead \
                writes what changed; intervals.coalesce would gather changes, and delay them
                """
            )
        }
    }

    private mutating func convertIPVS() {
        let ipvs = given.ipvs
        result.ipvs.scheduler = SchedulerChoice(name: ipvs.scheduler)
        if ipvs.scheduler == "mh" {
            result.ipvs.scheduler.flags = ["mh-port"]
            note(
                "ipvs.scheduler",
                """
                mh gets the flag mh-port alone, as from kube-proxy: new connections that fall to \
                an endpoint without weight fail; Fairlead's own default has mh-fallback too
                """
            )
        }
        if result.mode == .iptables, ipvs.scheduler != "rr" {
            warn(
                "ipvs.scheduler",
                "has no effect without IPVS: connections go to endpoints at random"
            )
        }
        result.addresses.strictARP = ipvs.strictARP
        let longest = Duration.seconds(31 * 24 * 3600)
        result.ipvs.timeouts.tcp = seconds("ipvs.tcpTimeout", ipvs.tcpTimeout, longest)
        result.ipvs.timeouts.tcpFin = seconds("ipvs.tcpFinTimeout", ipvs.tcpFinTimeout, longest)
        result.ipvs.timeouts.udp = seconds("ipvs.udpTimeout", ipvs.udpTimeout, longest)
        if !ipvs.excludeCIDRs.isEmpty {
            // To kube-proxy a prefix may be there twice.
            for range in ipvs.excludeCIDRs where !result.ipvs.excludedRanges.contains(range) {
                result.ipvs.excludedRanges.append(range)
            }
            note(
                "ipvs.excludeCIDRs",
                """
                becomes ipvs.excludedRanges: in them a virtual server that Fairlead did not make is \
                not even taken over for a Service at its address and port; removed it would be \
                nowhere
                """
            )
        }
    }

    /// Whole seconds, as kube-proxy cuts off what is finer.
    mutating func seconds(
        _ path: String,
        _ duration: Duration,
        _ longest: Duration
    ) -> Duration {
        let whole = Duration.seconds(duration.components.seconds)
        if whole != duration {
            note(
                path,
                "\(duration.kubernetesText) becomes \(whole.kubernetesText), as by kube-proxy"
            )
        }
        if whole > longest {
            refuse(
                path,
                duration.kubernetesText,
                "\"\(duration.kubernetesText)\" is out of range; allowed: 0s…\(longest.kubernetesText)"
            )
        }
        return whole
    }

    private mutating func convertMasquerading() {
        let isNFTables = given.mode == .nftables
        result.masquerade.all =
            given.iptables.masqueradeAll || (isNFTables && given.nftables.masqueradeAll)
        let section = isNFTables ? "nftables" : "iptables"
        result.masquerade.bit =
            isNFTables ? given.nftables.masqueradeBit : given.iptables.masqueradeBit
        let bit = result.masquerade.bit
        if !FirewallMarkSettings.contradictions(in: result).isEmpty {
            refuse(
                "\(section).masqueradeBit",
                "\(bit)",
                "\"\(bit)\" is a bit of the marks that Fairlead gives to IPVS; choose one of 13…31, or "
                    + "set masquerade.bit and ipvs.firewallMarks in Fairlead's own configuration"
            )
        }
        if given.iptables.snatNodeInternalIP {
            warn(
                "iptables.snatNodeInternalIP",
                """
                has no effect: masqueraded packets get the address of the interface that they \
                leave by
                """
            )
        }
    }
}
