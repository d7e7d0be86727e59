import Addressing

/// kube-proxy's own configuration, `kubeproxy.config.k8s.io/v1alpha1`, with its defaults.
///
/// The fields are those of `k8s.io/kube-proxy/config/v1alpha1/types.go` in Kubernetes 1.37, and
/// those of older versions that files still have.
struct KubeProxyConfiguration: Hashable {
    static let apiVersion = "kubeproxy.config.k8s.io/v1alpha1"
    static let kind = "KubeProxyConfiguration"

    var featureGates: [String: Bool] = [:]
    var clientConnection = KubeProxyClientConnection()
    var logging = KubeProxyLogging()
    var hostnameOverride = ""
    var bindAddress: IPAddress?
    var healthzBindAddress = KubeProxyListening.standard
    var metricsBindAddress = KubeProxyListening.standard
    var bindAddressHardFail = false
    var enableProfiling = false
    var showHiddenMetricsForVersion = ""
    var mode = KubeProxyMode.standard
    var iptables = KubeProxyIPTables()
    var ipvs = KubeProxyIPVS()
    var nftables = KubeProxyNFTables()
    var hasWinkernel = false
    var detectLocalMode = LocalTrafficMode.clusterCIDR
    var detectLocal = KubeProxyDetectLocal()
    var clusterCIDR: [IPPrefix] = []
    var nodePortAddresses: [KubeProxyNodePortAddress] = []
    var oomScoreAdj = -999
    var conntrack = KubeProxyConntrack()
    var configSyncPeriod = Duration.zero
    var portRange = ""
    var udpIdleTimeout = Duration.zero
    var windowsRunAsService = false
}

extension KubeProxyConfiguration: ConfigurationSection {
    static var name: String { kind }

    static var fields: [Field<KubeProxyConfiguration>] {
        [
            .constant("apiVersion", apiVersion),
            .constant("kind", kind),
            .values("featureGates", \.featureGates, .kubeProxyTruth),
            .section("clientConnection", \.clientConnection, ""),
            .section("logging", \.logging, ""),
            .theirs("hostnameOverride", \.hostnameOverride, .kubeProxyHostname),
            .theirs("bindAddress", \.bindAddress, .kubeProxyAddress),
            .theirs("healthzBindAddress", \.healthzBindAddress, .kubeProxyListening),
            .theirs("metricsBindAddress", \.metricsBindAddress, .kubeProxyListening),
            .theirs("bindAddressHardFail", \.bindAddressHardFail, .kubeProxyTruth),
            .theirs("enableProfiling", \.enableProfiling, .kubeProxyTruth),
            .theirs("showHiddenMetricsForVersion", \.showHiddenMetricsForVersion, .kubeProxyText),
            .theirs("mode", \.mode, .kubeProxyMode),
            .section("iptables", \.iptables, ""),
            .section("ipvs", \.ipvs, ""),
            .section("nftables", \.nftables, ""),
            .presence("winkernel", \.hasWinkernel),
            .theirs("detectLocalMode", \.detectLocalMode, .kubeProxyLocalMode),
            .section("detectLocal", \.detectLocal, ""),
            .theirs("clusterCIDR", \.clusterCIDR, .kubeProxyPrefixes),
            .list("nodePortAddresses", \.nodePortAddresses, .kubeProxyNodePortAddress, ""),
            .theirs("oomScoreAdj", \.oomScoreAdj, .signedNumber(-1000...1000)),
            .section("conntrack", \.conntrack, ""),
            .theirs("configSyncPeriod", \.configSyncPeriod, .kubeProxyDuration),
            .theirs("portRange", \.portRange, .kubeProxyText),
            .theirs("udpIdleTimeout", \.udpIdleTimeout, .kubeProxyDuration),
            .theirs("windowsRunAsService", \.windowsRunAsService, .kubeProxyTruth),
        ]
    }
}

/// `clientConnection`.
struct KubeProxyClientConnection: Hashable {
    var kubeconfig = ""
    var acceptContentTypes = ""
    var contentType = ""
    var qps = 0.0
    var burst = 0
}

extension KubeProxyClientConnection: ConfigurationSection {
    static var name: String { "KubeProxyConfiguration" }

    static var fields: [Field<KubeProxyClientConnection>] {
        [
            .theirs("kubeconfig", \.kubeconfig, .optionalPath),
            .theirs("acceptContentTypes", \.acceptContentTypes, .kubeProxyText),
            .theirs("contentType", \.contentType, .kubeProxyText),
            .theirs("qps", \.qps, .kubeProxyRate),
            .theirs("burst", \.burst, ConnectionTrackingSettings.number),
        ]
    }
}

/// `logging`, as all components of Kubernetes have it.
struct KubeProxyLogging: Hashable {
    var format = LogFormat.text
    var flushFrequency = Duration.zero
    var verbosity = 0
    var hasModules = false
    var hasOptions = false
}

extension KubeProxyLogging: ConfigurationSection {
    static var name: String { "KubeProxyConfiguration" }

    static var fields: [Field<KubeProxyLogging>] {
        [
            .theirs("format", \.format, .kubeProxyLogFormat),
            .theirs("flushFrequency", \.flushFrequency, .kubeProxyFlushing),
            .theirs("verbosity", \.verbosity, ConnectionTrackingSettings.number),
            .presence("vmodule", \.hasModules),
            .presence("options", \.hasOptions),
        ]
    }
}

/// `detectLocal`.
struct KubeProxyDetectLocal: Hashable {
    var bridgeInterface = ""
    var interfaceNamePrefix = ""
}

extension KubeProxyDetectLocal: ConfigurationSection {
    static var name: String { "KubeProxyConfiguration" }

    static var fields: [Field<KubeProxyDetectLocal>] {
        [
            .theirs("bridgeInterface", \.bridgeInterface, .bridgeInterface),
            .theirs("interfaceNamePrefix", \.interfaceNamePrefix, .interfaceNamePrefix),
        ]
    }
}
