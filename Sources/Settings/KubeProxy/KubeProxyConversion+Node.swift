import Addressing

/// What depends on the node, or is asked of it.
extension KubeProxyConversion {
    mutating func convertAddresses() {
        result.nodeName = given.hostnameOverride
        guard let address = given.bindAddress, !address.isUnspecified else { return }
        guard !address.isLoopback, !address.isMulticast else {
            warn(
                "bindAddress",
                "\(address) is no address that a node has for others; it is not used"
            )
            return
        }
        result.addresses.sourceAddresses = [address]
        note(
            "bindAddress",
            """
            \(address) becomes addresses.sourceAddresses, the address from which this node's own \
            connections to Services come; it must be one of this node
            """
        )
    }

    mutating func convertListening() {
        let usualMetrics = given.usualMetricsAddress
        result.health.bindAddress = Self.listening(
            given.healthzBindAddress,
            usual: ListenAddress(port: 10256)
        )
        result.metrics.bindAddress = Self.listening(
            given.metricsBindAddress,
            usual: ListenAddress(address: usualMetrics, port: 10249)
        )
        result.health.bindFailureIsFatal = given.bindAddressHardFail
        result.metrics.bindFailureIsFatal = given.bindAddressHardFail
    }

    /// `0.0.0.0` and `[::]` are all addresses of both families.
    private static func listening(
        _ given: KubeProxyListening,
        usual: ListenAddress
    ) -> ListenAddress? {
        switch given {
        case .standard: usual
        case .nowhere: nil
        case .at(let address, let port):
            ListenAddress(
                address: address.flatMap { $0.isUnspecified ? nil : $0 },
                port: port ?? usual.port
            )
        }
    }

    mutating func convertLocalTraffic() {
        result.clusterCIDRs = given.clusterCIDR
        result.localTraffic.mode = given.detectLocalMode
        result.localTraffic.bridgeInterface = given.detectLocal.bridgeInterface
        result.localTraffic.interfaceNamePrefix = given.detectLocal.interfaceNamePrefix
        let mode = given.detectLocalMode.rawValue
        for found in result.localTraffic.contradictions {
            let flag =
                found.path == "bridgeInterface" ? "bridge-interface" : "interface-name-prefix"
            refuse(
                "detectLocalMode",
                mode,
                "\"\(mode)\" needs detectLocal.\(found.path), which is the flag --pod-\(flag)"
            )
        }
    }

    mutating func convertNodePorts() {
        result.nodePorts.localhost = given.iptables.localhostNodePorts
        let addresses = given.nodePortAddresses
        if addresses.isEmpty || addresses.contains(.all) { return }
        if addresses.contains(.primary) {
            result.nodePorts.addresses = .primary
            if !addresses.contains(.localhost) { result.nodePorts.localhost = false }
            let others = addresses.contains { $0 != .primary && $0 != .localhost }
            if others {
                refuse(
                    "nodePortAddresses",
                    "primary",
                    "\"primary\" cannot stand beside prefixes in Fairlead; write primary alone, or the "
                        + "prefixes of the primary addresses"
                )
            }
            return
        }
        var prefixes: [IPPrefix] = []
        for address in addresses {
            let added: [IPPrefix] =
                switch address {
                case .within(let prefix): [prefix]
                case .localhost:
                    [
                        IPPrefix(holding: .ipv4(0x7f00_0000), length: 8),
                        IPPrefix(holding: .ipv6(high: 0, low: 1), length: 128),
                    ]
                case .primary, .all: []
                }
            prefixes += added.filter { !prefixes.contains($0) }
        }
        result.nodePorts.addresses = .within(prefixes)
        let loopbacks: [IPAddress] = [.ipv4(0x7f00_0001), .ipv6(high: 0, low: 1)]
        let includesLoopback = prefixes.contains { prefix in
            loopbacks.contains { IPPrefix(holding: $0, length: prefix.length) == prefix }
        }
        if !includesLoopback { result.nodePorts.localhost = false }
    }

    mutating func convertConnectionTracking() {
        let conntrack = given.conntrack
        let longest = Duration.seconds(596 * 3600)
        result.connectionTracking.maxPerCore = conntrack.maxPerCore
        // To kube-proxy the one means nothing without the other.
        result.connectionTracking.minimum = conntrack.maxPerCore > 0 ? conntrack.min : 0
        result.connectionTracking.tcpBeLiberal = conntrack.tcpBeLiberal
        result.connectionTracking.tcpEstablishedTimeout = seconds(
            "conntrack.tcpEstablishedTimeout",
            conntrack.tcpEstablishedTimeout,
            longest
        )
        result.connectionTracking.tcpCloseWaitTimeout = seconds(
            "conntrack.tcpCloseWaitTimeout",
            conntrack.tcpCloseWaitTimeout,
            longest
        )
        result.connectionTracking.udpTimeout = seconds(
            "conntrack.udpTimeout",
            conntrack.udpTimeout,
            longest
        )
        result.connectionTracking.udpStreamTimeout = seconds(
            "conntrack.udpStreamTimeout",
            conntrack.udpStreamTimeout,
            longest
        )
    }

    mutating func convertRest() {
        result.kubernetes.kubeconfig = given.clientConnection.kubeconfig
        result.oomScoreAdjust = given.oomScoreAdj
        result.logging.format = given.logging.format
        result.logging.level = given.logging.level
    }
}

extension KubeProxyConfiguration {
    /// Where metrics are served when it is not said: of the family of `bindAddress`.
    var usualMetricsAddress: IPAddress {
        bindAddress?.family == .ipv6 ? .ipv6(high: 0, low: 1) : .ipv4(0x7f00_0001)
    }
}

extension KubeProxyLogging {
    /// kube-proxy tells what it does from 4 on, and each request from 6 on.
    var level: LogLevel {
        switch verbosity {
        case ..<4: .info
        case 4...5: .debug
        default: .trace
        }
    }
}
