import Addressing

/// `iptables`.
struct KubeProxyIPTables: Hashable {
    var masqueradeBit = 14
    var masqueradeAll = false
    var localhostNodePorts = true
    var snatNodeInternalIP = false
    /// Zero is kube-proxy's default, here and below.
    var syncPeriod = Duration.zero
    var minSyncPeriod = Duration.zero
}

extension KubeProxyIPTables: ConfigurationSection {
    static var name: String { "KubeProxyConfiguration" }

    static var fields: [Field<KubeProxyIPTables>] {
        [
            .theirs("masqueradeBit", \.masqueradeBit, .wholeNumber(0...31)),
            .theirs("masqueradeAll", \.masqueradeAll, .kubeProxyTruth),
            .theirs("localhostNodePorts", \.localhostNodePorts, .kubeProxyTruth),
            .theirs("snatNodeInternalIP", \.snatNodeInternalIP, .kubeProxyTruth),
            .theirs("syncPeriod", \.syncPeriod, .kubeProxyDuration),
            .theirs("minSyncPeriod", \.minSyncPeriod, .kubeProxyDuration),
        ]
    }
}

/// `nftables`.
struct KubeProxyNFTables: Hashable {
    var masqueradeBit = 14
    var masqueradeAll = false
    var syncPeriod = Duration.zero
    var minSyncPeriod = Duration.zero
}

extension KubeProxyNFTables: ConfigurationSection {
    static var name: String { "KubeProxyConfiguration" }

    static var fields: [Field<KubeProxyNFTables>] {
        [
            .theirs("masqueradeBit", \.masqueradeBit, .wholeNumber(0...31)),
            .theirs("masqueradeAll", \.masqueradeAll, .kubeProxyTruth),
            .theirs("syncPeriod", \.syncPeriod, .kubeProxyDuration),
            .theirs("minSyncPeriod", \.minSyncPeriod, .kubeProxyDuration),
        ]
    }
}

/// `ipvs`.
struct KubeProxyIPVS: Hashable {
    var syncPeriod = Duration.zero
    var minSyncPeriod = Duration.zero
    var scheduler = "rr"
    var excludeCIDRs: [IPPrefix] = []
    var strictARP = false
    var tcpTimeout = Duration.zero
    var tcpFinTimeout = Duration.zero
    var udpTimeout = Duration.zero
}

extension KubeProxyIPVS: ConfigurationSection {
    static var name: String { "KubeProxyConfiguration" }

    static var fields: [Field<KubeProxyIPVS>] {
        [
            .theirs("syncPeriod", \.syncPeriod, .kubeProxyDuration),
            .theirs("minSyncPeriod", \.minSyncPeriod, .kubeProxyDuration),
            .theirs("scheduler", \.scheduler, .kubeProxyScheduler),
            .list("excludeCIDRs", \.excludeCIDRs, .kubeProxyPrefix, ""),
            .theirs("strictARP", \.strictARP, .kubeProxyTruth),
            .theirs("tcpTimeout", \.tcpTimeout, .kubeProxyDuration),
            .theirs("tcpFinTimeout", \.tcpFinTimeout, .kubeProxyDuration),
            .theirs("udpTimeout", \.udpTimeout, .kubeProxyDuration),
        ]
    }
}

/// `conntrack`.
struct KubeProxyConntrack: Hashable {
    var maxPerCore = 32 << 10
    var min = 128 << 10
    var tcpEstablishedTimeout = Duration.seconds(24 * 3600)
    var tcpCloseWaitTimeout = Duration.seconds(3600)
    var tcpBeLiberal = false
    var udpTimeout = Duration.zero
    var udpStreamTimeout = Duration.zero
}

extension KubeProxyConntrack: ConfigurationSection {
    static var name: String { "KubeProxyConfiguration" }

    static var fields: [Field<KubeProxyConntrack>] {
        [
            .theirs("maxPerCore", \.maxPerCore, ConnectionTrackingSettings.number),
            .theirs("min", \.min, ConnectionTrackingSettings.number),
            .theirs("tcpEstablishedTimeout", \.tcpEstablishedTimeout, .kubeProxyDuration),
            .theirs("tcpCloseWaitTimeout", \.tcpCloseWaitTimeout, .kubeProxyDuration),
            .theirs("tcpBeLiberal", \.tcpBeLiberal, .kubeProxyTruth),
            .theirs("udpTimeout", \.udpTimeout, .kubeProxyDuration),
            .theirs("udpStreamTimeout", \.udpStreamTimeout, .kubeProxyDuration),
        ]
    }
}
