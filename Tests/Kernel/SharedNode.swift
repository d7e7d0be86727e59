import NetworkLab

/// A node on which others have virtual servers, sets, rules and addresses, right beside Services.
enum SharedNode {
    /// A directory with these Services, and a configuration of a daemon that serves them.
    static func workspace(mode: String, _ settings: String = "") throws -> String {
        let workspace = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
        try Command.run(
            "sh",
            ["-c", "mkdir $1/manifests && cat >$1/manifests/all.yaml", "sh", workspace],
            input: manifests
        )
        try Command.run(
            "sh",
            ["-c", "cat >$1/fairlead.yaml", "sh", workspace],
            input: """
                apiVersion: fairlead.dev/v1alpha1
                kind: FairleadConfiguration
                mode: \(mode)
                nodeName: node-a
                clusterCIDRs: [10.244.0.0/16, "fd00:10:244::/48"]
                \(settings)
                manifests: {directory: \(workspace)/manifests}
                stateDirectory: \(workspace)/state

                """
        )
        return workspace
    }

    /// Services of every kind, of both families.
    static let manifests = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: LoadBalancer
          clusterIPs: [10.96.0.1, "fd00:10:96::1"]
          ipFamilies: [IPv4, IPv6]
          externalIPs: [203.0.113.7]
          externalTrafficPolicy: Local
          healthCheckNodePort: 32080
          loadBalancerSourceRanges: [192.168.50.0/24]
          ports: [{name: http, port: 80, nodePort: 30080}]
        status: {loadBalancer: {ingress: [{ip: 203.0.113.8}]}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: dns}
        spec:
          type: NodePort
          clusterIPs: ["fd00:10:96::a", 10.96.0.10]
          ipFamilies: [IPv6, IPv4]
          sessionAffinity: ClientIP
          internalTrafficPolicy: Local
          ports: [{name: dns, port: 53, protocol: UDP, nodePort: 30053}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: idle}
        spec: {clusterIP: 10.96.0.11, ports: [{port: 80}]}
        ---
        \(slice("web", "http", "TCP", 8080, "IPv4", "10.244.1.2", "10.244.2.2"))
        ---
        \(slice("web", "http", "TCP", 8080, "IPv6", "fd00:10:244:1::2", "fd00:10:244:2::2"))
        ---
        \(slice("dns", "dns", "UDP", 5353, "IPv4", "10.244.1.3", "10.244.2.3"))
        ---
        \(slice("dns", "dns", "UDP", 5353, "IPv6", "fd00:10:244:1::3", "fd00:10:244:2::3"))

        """

    private static func slice(
        _ service: String,
        _ name: String,
        _ transport: String,
        _ port: Int,
        _ family: String,
        _ here: String,
        _ elsewhere: String
    ) -> String {
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata:
          name: \(service)-\(family.lowercased())
          labels: {kubernetes.io/service-name: \(service)}
        addressType: \(family)
        ports: [{name: \(name), port: \(port), protocol: \(transport)}]
        endpoints:
        - {addresses: ["\(here)"], nodeName: node-a}
        - {addresses: ["\(elsewhere)"], nodeName: node-b}
        """
    }

    /// Virtual servers of others: at neighbours of service addresses, at service addresses with
    /// another port or protocol, and at an address of the node beside the node ports.
    static let foreignServers = [
        "-t 10.96.0.2:80", "-t 10.96.0.1:9999", "-u 10.96.0.1:80", "-t [fd00:10:96::1]:9999",
        "-t 192.0.2.10:30081", "-f 77",
    ]

    /// Makes what others have, with rules in every table, so that no table is new afterwards.
    static func addForeignObjects() throws {
        for server in foreignServers {
            let words = server.split(separator: " ").map(String.init)
            try Command.run("ipvsadm", ["-A"] + words + ["-s", "wlc", "-p", "77"])
            let pod = server.contains("[") ? "[2001:db8::2]:8080" : "192.0.2.2:8080"
            try Command.run("ipvsadm", ["-a"] + words + ["-r", pod, "-m", "-w", "7"])
        }
        try Command.run("ipset", ["create", "FOREIGN", "hash:ip,port"])
        try Command.run("ipset", ["add", "FOREIGN", "10.96.0.1,tcp:80"])
        for program in ["iptables-legacy-restore", "ip6tables-legacy-restore"] {
            try Command.run(program, ["--noflush"], input: rules)
        }
        try Command.run(
            "ip",
            ["-batch", "-"],
            input: """
                link add foreign0 type dummy
                link set foreign0 addrgenmode none up
                addr add 10.97.0.1/32 dev foreign0
                addr add 10.96.0.3/32 dev foreign0
                addr add fd00:10:97::1/128 dev foreign0 nodad
                route add local 10.98.0.0/24 dev lo
                route add local 10.96.0.4 dev foreign0

                """
        )
    }

    private static let rules = """
        *mangle
        :MINE - [0:0]
        -A PREROUTING -p tcp -m tcp --dport 9 -j MINE
        -A MINE -j MARK --set-xmark 0x10/0x10
        COMMIT
        *nat
        :MINE - [0:0]
        -A PREROUTING -j MINE
        -A POSTROUTING -m comment --comment "not -j FAIRLEAD-MARK" -j MINE
        -A OUTPUT -j MINE
        -A MINE -p tcp -m tcp --dport 9 -j RETURN
        COMMIT
        *filter
        :MINE - [0:0]
        -A INPUT -j MINE
        -A FORWARD -j MINE
        -A MINE -p tcp -m tcp --dport 9 -j DROP
        COMMIT

        """

    /// Lines of a state that are about what others have, with counts where something could have been
    /// put between: all but what is fairlead's by name or protocol.
    static func foreignLines(of state: String) -> [Substring] {
        state.split(separator: "\n").filter { line in
            if line.hasPrefix("-A -") || line.hasPrefix("-a -") {
                return foreignServers.contains { line.dropFirst(3).hasPrefix($0 + " ") }
            }
            let isOurs =
                line.contains("FAIRLEAD-") && !line.contains("not -j")
                || line.contains("kube-ipvs0") || line.contains("proto 70")
            return !isOurs
        }
    }
}
