extension KubeProxyConversion {
    /// Names what is asked of kube-proxy and is not done.
    mutating func remarkOnRest() {
        for (name, isOn) in given.featureGates.sorted(by: { $0.key < $1.key }) {
            let path = "featureGates.\(name)"
            switch (name, isOn) {
            case ("KubeProxyIPVS", true), ("SupportIPVSProxyMode", true):
                note(path, "\(name) is not needed: IPVS is what Fairlead is for")
            default: warn(path, "\(name) has no effect: feature gates are kube-proxy's own")
            }
        }
        remarkOnClient()
        if given.logging.hasModules {
            warn(
                "logging.vmodule",
                "has no effect: the names of kube-proxy's files mean nothing here"
            )
        }
        if given.logging.hasOptions {
            warn("logging.options", "has no effect: everything is logged to standard error at once")
        }
        if ![.zero, .seconds(5)].contains(given.logging.flushFrequency) {
            note("logging.flushFrequency", "is not needed: everything is logged at once")
        }
        if given.enableProfiling {
            warn("enableProfiling", "has no effect: there is nothing at /debug/pprof")
        }
        if !given.showHiddenMetricsForVersion.isEmpty {
            warn("showHiddenMetricsForVersion", "has no effect: Fairlead hides no metrics")
        }
        if ![.zero, .seconds(15 * 60)].contains(given.configSyncPeriod) {
            note(
                "configSyncPeriod",
                """
                is not needed: what the API server tells is not read again as long as the watch \
                goes on
                """
            )
        }
        remarkOnTheForgotten()
    }

    private mutating func remarkOnClient() {
        let client = given.clientConnection
        let reason = "is not needed: Fairlead reads everything once, and then watches"
        if ![0, 5].contains(client.qps) { note("clientConnection.qps", reason) }
        if ![0, 10].contains(client.burst) { note("clientConnection.burst", reason) }
        for (path, type) in [
            ("acceptContentTypes", client.acceptContentTypes), ("contentType", client.contentType),
        ] where !["", "application/json", "application/vnd.kubernetes.protobuf"].contains(type) {
            note("clientConnection.\(path)", "has no effect: Fairlead chooses the format itself")
        }
    }

    private mutating func remarkOnTheForgotten() {
        if !["", "0-0"].contains(given.portRange) {
            warn(
                "portRange",
                "has no effect, and has none for kube-proxy: it was for userspace mode"
            )
        }
        if ![.zero, .milliseconds(250)].contains(given.udpIdleTimeout) {
            warn(
                "udpIdleTimeout",
                "has no effect, and has none for kube-proxy: it was for userspace mode"
            )
        }
        if given.hasWinkernel { warn("winkernel", "has no effect: it is for Windows") }
        if given.windowsRunAsService {
            warn("windowsRunAsService", "has no effect: it is for Windows")
        }
    }
}
