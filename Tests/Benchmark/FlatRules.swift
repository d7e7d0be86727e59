import Addressing

/// The Services of a cluster as kube-proxy writes them for `iptables`: one chain in which each Service
/// has a rule, a chain for each Service, and one for each endpoint.
///
/// What kube-proxy has besides (its guards, and its chains for node ports) is left out.
enum FlatRules {
    /// Input of `iptables-restore --noflush`.
    static func transaction(_ cluster: SyntheticCluster) -> String {
        var chains = """
            *nat
            :KUBE-SERVICES - [0:0]
            :KUBE-MARK-MASQ - [0:0]
            :KUBE-POSTROUTING - [0:0]

            """
        var rules = """
            -A PREROUTING -j KUBE-SERVICES
            -A OUTPUT -j KUBE-SERVICES
            -A POSTROUTING -j KUBE-POSTROUTING
            -A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
            -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
            -A KUBE-POSTROUTING -j MASQUERADE --random-fully

            """
        for service in 0..<cluster.services {
            let name = "benchmark/service-\(service):http"
            let chain = "KUBE-SVC-\(number(service))"
            let place = cluster.serviceEndpoint(service)
            chains += ":\(chain) - [0:0]\n"
            rules +=
                "-A KUBE-SERVICES -d \(place.address)/32 -p tcp -m comment --comment "
                + "\"\(name) cluster IP\" -m tcp --dport \(place.port) -j \(chain)\n"
            for index in 0..<cluster.endpoints {
                let endpoint = cluster.podEndpoint(service, index)
                let own = "KUBE-SEP-\(number(service * cluster.endpoints + index))"
                let left = cluster.endpoints - index
                let chance =
                    left == 1
                    ? "" : "-m statistic --mode random --probability \(1 / Double(left)) "
                chains += ":\(own) - [0:0]\n"
                rules +=
                    "-A \(chain) -m comment --comment \"\(name) -> \(endpoint)\" \(chance)"
                    + "-j \(own)\n"
                    + "-A \(own) -s \(endpoint.address)/32 -m comment --comment \"\(name)\" "
                    + "-j KUBE-MARK-MASQ\n"
                    + "-A \(own) -p tcp -m comment --comment \"\(name)\" -m tcp -j DNAT "
                    + "--to-destination \(endpoint)\n"
            }
        }
        return chains + rules + "COMMIT\n"
    }

    /// 16 digits, as many as kube-proxy's names have.
    private static func number(_ value: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
