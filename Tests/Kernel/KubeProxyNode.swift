import Addressing
import NetworkLab

/// A node as kube-proxy left it, made with the programs that it uses itself.
enum KubeProxyNode {
    /// Everything that the kernel holds of what kube-proxy, fairlead and others make, without
    /// counters.
    static func state() throws -> String {
        var text = ""
        for program in ["iptables-legacy-save", "ip6tables-legacy-save"] {
            text += try Command.run(program).split(separator: "\n").compactMap { line in
                // Counters of the kernel's own chains run on.
                line.first == "#" ? nil : "\(program) \(line.prefix { $0 != "[" })\n"
            }.joined()
        }
        text += try Command.run("ipset", ["save"]).split(separator: "\n").sorted()
            .map { "\($0)\n" }.joined()
        let network =
            try Command.run("ip", ["-oneline", "address"])
            + Command.run("ip", ["route", "show", "table", "all"])
            + Command.run("ip", ["-6", "route", "show", "table", "all"])
        // The kernel adds link-local addresses and routes to multicast when it is ready to.
        text += network.split(separator: "\n").filter {
            !$0.contains("fe80::") && !$0.contains("multicast")
        }.map { "\($0)\n" }.joined()
        return try text + Command.run("ipvsadm", ["-Sn"])
    }

    /// Lines of the state that were not there before, and those that are missing since.
    static func changes(since before: String) throws -> [String] {
        let old = before.split(separator: "\n")
        return try state().split(separator: "\n").difference(from: old).map { change in
            switch change {
            case .insert(_, let line, _): "+ \(line)"
            case .remove(_, let line, _): "- \(line)"
            }
        }
    }

    /// What nobody of interest made: rules in every table, a set, virtual servers and an address.
    static func addForeignObjects(nodeAddress: String) throws {
        try Command.run("ip", ["addr", "add", "203.0.113.9/32", "dev", "lo"])
        try Command.run("ipset", ["create", "KUBE-DST-3YNVZWWGX3UQ", "hash:ip"])
        for program in ["iptables-legacy-restore", "ip6tables-legacy-restore"] {
            try Command.run(
                program,
                ["--noflush"],
                input: """
                    *mangle
                    :KUBE-KUBELET-CANARY - [0:0]
                    COMMIT
                    *nat
                    :KUBE-MARK-DROP - [0:0]
                    -A PREROUTING -p tcp -m tcp --dport 9 -j RETURN
                    -A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000
                    COMMIT
                    *filter
                    :KUBE-FIREWALL - [0:0]
                    :KUBE-ROUTER-INPUT - [0:0]
                    -A INPUT -m comment --comment "not -j KUBE-SERVICES" -j KUBE-FIREWALL
                    -A INPUT -j KUBE-ROUTER-INPUT
                    COMMIT

                    """
            )
        }
        try addVirtualServers(["203.0.113.9:30443", "\(nodeAddress):8443"])
    }

    /// What the ipvs mode and the iptables mode leave, with addresses and virtual servers of
    /// 10.96.9.1 and fd00:10:96::9, and a node port.
    ///
    /// The device is made too where fairlead has not made it.
    static func addLeftovers(nodeAddress: String, withDevice: Bool = false) throws {
        if withDevice { try Command.run("ip", ["link", "add", "kube-ipvs0", "type", "dummy"]) }
        try Command.run("ipset", ["restore"], input: sets)
        for (program, prefix) in [
            ("iptables-legacy-restore", "KUBE-"), ("ip6tables-legacy-restore", "KUBE-6-"),
        ] {
            try Command.run(program, ["--noflush"], input: rules(setPrefix: prefix))
        }
        for address in ["10.96.9.1/32", "fd00:10:96::9/128"] {
            try Command.run("ip", ["addr", "add", address, "dev", "kube-ipvs0"])
        }
        try addVirtualServers(["10.96.9.1:443", "[fd00:10:96::9]:443", "\(nodeAddress):30080"])
    }

    private static func addVirtualServers(_ endpoints: [String]) throws {
        for endpoint in endpoints {
            try Command.run("ipvsadm", ["-A", "-t", endpoint, "-s", "rr"])
            let pod = endpoint.hasPrefix("[") ? "[2001:db8::2]:8080" : "192.0.2.2:8080"
            try Command.run("ipvsadm", ["-a", "-t", endpoint, "-r", pod, "-m"])
        }
    }

    private static var sets: String {
        let kinds = [
            ("LOOP-BACK", "hash:ip,port,ip"), ("CLUSTER-IP", "hash:ip,port"),
            ("EXTERNAL-IP", "hash:ip,port"), ("EXTERNAL-IP-LOCAL", "hash:ip,port"),
            ("LOAD-BALANCER", "hash:ip,port"), ("LOAD-BALANCER-LOCAL", "hash:ip,port"),
            ("LOAD-BALANCER-FW", "hash:ip,port"), ("LOAD-BALANCER-SOURCE-IP", "hash:ip,port,ip"),
            ("LOAD-BALANCER-SOURCE-CIDR", "hash:ip,port,net"), ("NODE-PORT-TCP", "bitmap:port"),
            ("NODE-PORT-LOCAL-TCP", "bitmap:port"), ("NODE-PORT-UDP", "bitmap:port"),
            ("NODE-PORT-LOCAL-UDP", "bitmap:port"), ("NODE-PORT-SCTP-HASH", "hash:ip,port"),
            ("NODE-PORT-LOCAL-SCTP-HASH", "hash:ip,port"),
            ("HEALTH-CHECK-NODE-PORT", "bitmap:port"), ("IPVS-IPS", "hash:ip"),
        ]
        var lines = ""
        for (name, kind) in kinds {
            for (prefix, family) in [("KUBE-", "inet"), ("KUBE-6-", "inet6")] {
                let options = kind == "bitmap:port" ? "range 0-65535" : "family \(family)"
                lines += "create \((prefix + name).prefix(31)) \(kind) \(options)\n"
            }
        }
        return lines + "add KUBE-CLUSTER-IP 10.96.9.1,tcp:443\nadd KUBE-NODE-PORT-TCP 30080\n"
    }

    private static func rules(setPrefix: String) -> String {
        """
        *mangle
        :KUBE-PROXY-CANARY - [0:0]
        COMMIT
        *nat
        :KUBE-SERVICES - [0:0]
        :KUBE-NODE-PORT - [0:0]
        :KUBE-MARK-MASQ - [0:0]
        :KUBE-POSTROUTING - [0:0]
        :KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
        :KUBE-SEP-YIL6JZP7A3QYXJU2 - [0:0]
        -I PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
        -I OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
        -I POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
        -A KUBE-SERVICES -m set --match-set \(setPrefix)CLUSTER-IP src,dst -j KUBE-MARK-MASQ
        -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT
        -A KUBE-NODE-PORT -p tcp -m set --match-set \(setPrefix)NODE-PORT-TCP dst -j KUBE-MARK-MASQ
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
        -A KUBE-POSTROUTING -j MASQUERADE --random-fully
        -A KUBE-SVC-TCOU7JCQXEZGVUNU -m statistic --mode random --probability 0.5 -j KUBE-SEP-YIL6JZP7A3QYXJU2
        COMMIT
        *filter
        :KUBE-FORWARD - [0:0]
        :KUBE-IPVS-FILTER - [0:0]
        :KUBE-EXTERNAL-SERVICES - [0:0]
        -I INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
        -I INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
        -I FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
        -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
        -A KUBE-IPVS-FILTER -m set --match-set \(setPrefix)CLUSTER-IP dst,dst -j RETURN
        COMMIT

        """
    }
}
