import Testing

/// A text and the problems it must have.
struct Refusal: Sendable, CustomTestStringConvertible {
    let body: String
    let problems: [String]

    init(_ body: String, _ problems: String...) {
        self.body = body
        self.problems = problems.map { "fairlead.yaml:\($0)" }
    }

    var testDescription: String { body }
}

/// Texts that are refused, by what is wrong with them.
enum Refusals {
    static let values = [
        Refusal(
            "mode: nftables",
            "3: mode: \"nftables\" is not a mode; allowed are auto, ipvs and iptables"
        ),
        Refusal(
            "mode: iptables\npacketFilter: none",
            "4: packetFilter: \"none\" leaves the packet filter alone, and mode iptables is nothing "
                + "but its rules; use auto, or mode ipvs"
        ),
        Refusal(
            "manifests: {directory: /m}\nkubernetes: {kubeconfig: /k}",
            "3: manifests.directory: \"/m\" and kubernetes.kubeconfig, which is \"/k\", name two "
                + "places to take Services from; leave one of them empty"
        ),
        Refusal(
            "oomScoreAdjust: 1001",
            "3: oomScoreAdjust: \"1001\" is not a whole number in -1000…1000"
        ),
        Refusal(
            "connectionTracking: {tcpEstablishedTimeout: 597h, udpTimeout: 1500ms}",
            "3: connectionTracking.tcpEstablishedTimeout: \"597h\" is out of range; allowed: 0s, or "
                + "1s…596h in whole seconds",
            "3: connectionTracking.udpTimeout: \"1500ms\" is not a whole number of seconds"
        ),
        Refusal(
            "nodeName: Node_1",
            "3: nodeName: \"Node_1\" is not the name of a Node; allowed: lower-case letters, digits, "
                + "\"-\" and \".\" inside, at most 253 characters"
        ),
        Refusal(
            "ipvs:\n  scheduler:\n    name: RR",
            "5: ipvs.scheduler.name: \"RR\" is not a scheduler name; allowed are lower-case names of "
                + "at most 15 characters such as rr, wrr, lc, wlc, sh and mh; did you mean rr?"
        ),
        Refusal(
            "ipvs: {timeouts: {tcp: 1.5s}}",
            "3: ipvs.timeouts.tcp: \"1.5s\" is not a whole number of seconds"
        ),
        Refusal(
            "ipvs: {timeouts: {udp: 745h}}",
            "3: ipvs.timeouts.udp: \"745h\" is out of range; allowed: 0s, or 1s…744h in whole seconds"
        ),
        Refusal(
            "ipvs: {manageKernelParameters: yes}",
            "3: ipvs.manageKernelParameters: \"yes\" is not a truth value; write true or false"
        ),
        Refusal(
            "addresses: {device: a/b}",
            "3: addresses.device: \"a/b\" is not a name for a network interface; allowed: 1…15 "
                + "characters of ASCII, without \"/\", \":\", \"%\" and spaces"
        ),
        Refusal(
            "addresses: {sourceAddresses: [127.0.0.1]}",
            "3: addresses.sourceAddresses[0]: \"127.0.0.1\" is a loopback, multicast or unspecified "
                + "address, which no other node can answer to"
        ),
        Refusal(
            "clusterCIDRs:\n  - 10.0.0.0/8\n  - 10.0.0.1/8",
            "5: clusterCIDRs[1]: \"10.0.0.1/8\" has bits set behind its prefix length; 10.0.0.0/8 "
                + "would be right"
        ),
        Refusal(
            "intervals: {audit: 60}",
            "3: intervals.audit: \"60\" is a duration without a unit; write for example 60s"
        ),
        Refusal(
            "intervals: {coalesce: -1s}",
            "3: intervals.coalesce: \"-1s\" is out of range; allowed: 0s…1m"
        ),
        Refusal(
            "stateDirectory: run/../fairlead",
            "3: stateDirectory: \"run/../fairlead\" is not an absolute path; allowed: an absolute "
                + "path without \"..\", other than /"
        ),
        Refusal(
            "manifests: {maximumFileSize: 1Ki}",
            "3: manifests.maximumFileSize: \"1Ki\" is out of range; allowed: 4Ki…16Gi"
        ),
        Refusal(
            "logging: {level: warn}",
            "3: logging.level: \"warn\" is not a level; allowed are trace, debug, info, notice, "
                + "warning, error and critical"
        ),
        Refusal(
            "stateDirectory: \"/a\\e[31m\\n\"",
            "3: stateDirectory: \"/a\\u{1B}[31m\\n\" is not an absolute path; allowed: an absolute "
                + "path without \"..\", other than /"
        ),
        Refusal(
            "localTraffic: {mode: clusterCIDR}",
            "3: localTraffic.mode: \"clusterCIDR\" is not a way to tell packets of pods; allowed are "
                + "ClusterCIDR, NodeCIDR, BridgeInterface and InterfaceNamePrefix"
        ),
        Refusal(
            "localTraffic: {interfaceNamePrefix: veth+}",
            "3: localTraffic.interfaceNamePrefix: \"veth+\" is not the beginning of interface names; "
                + "allowed: 0…14 characters of ASCII, without \"/\", \":\", \"%\", \"+\", \"*\" and "
                + "spaces"
        ),
        Refusal(
            "localTraffic: {bridgeInterface: bridge-of-16-let}",
            "3: localTraffic.bridgeInterface: \"bridge-of-16-let\" is not a name for a bridge; "
                + "allowed: 0…15 characters of ASCII, without \"/\", \":\", \"%\", \"+\", \"*\" and "
                + "spaces"
        ),
        Refusal(
            "masquerade: {bit: 32}",
            "3: masquerade.bit: \"32\" is not a whole number in 0…31"
        ),
        Refusal(
            "masquerade: {bit: -1}",
            "3: masquerade.bit: \"-1\" is not a whole number in 0…31"
        ),
        Refusal(
            "nodePorts: {addresses: Primary}",
            "3: nodePorts.addresses: \"Primary\" is not primary, nor a list of prefixes such as "
                + "[10.0.0.0/8]"
        ),
        Refusal(
            "nodePorts: {addresses: [primary]}",
            "3: nodePorts.addresses[0]: \"primary\" is no prefix; write it alone, as addresses: "
                + "primary"
        ),
        Refusal(
            "externalIPs: {allowed: [198.51.100.1]}",
            "3: externalIPs.allowed[0]: \"198.51.100.1\" is not a prefix such as 10.0.0.0/8 or "
                + "fd00::/8"
        ),
        Refusal(
            "addresses: {strictARP: 1}",
            "3: addresses.strictARP: \"1\" is not a truth value; write true or false"
        ),
        Refusal(
            "ipvs: {firewallMarks: {base: 0}}",
            "3: ipvs.firewallMarks.base: \"0\" is not a packet mark; allowed: 0x1…0xffffffff, or the "
                + "same in decimal"
        ),
        Refusal(
            "ipvs: {firewallMarks: {base: 0x100000000, bits: 25}}",
            "3: ipvs.firewallMarks.base: \"0x100000000\" is not a packet mark; allowed: "
                + "0x1…0xffffffff, or the same in decimal",
            "3: ipvs.firewallMarks.bits: \"25\" is not a whole number in 1…24"
        ),
        Refusal(
            "packetFilter: iptables",
            "3: packetFilter: \"iptables\" is not a packet filter; allowed are auto and none"
        ),
        Refusal(
            "zone: -a",
            "3: zone: \"-a\" is not a zone; allowed: letters, digits, and \"-\", \"_\" and \".\" "
                + "inside, at most 63 characters"
        ),
        Refusal(
            "zone: zürich",
            "3: zone: \"zürich\" is not a zone; allowed: letters, digits, and \"-\", \"_\" and \".\" "
                + "inside, at most 63 characters"
        ),
    ]

    static let contradictions = [
        Refusal(
            "localTraffic:\n  mode: BridgeInterface",
            "4: localTraffic.bridgeInterface: is empty; the mode BridgeInterface needs the name of "
                + "the bridge"
        ),
        Refusal(
            "localTraffic:\n  bridgeInterface: cni0\n  mode: InterfaceNamePrefix",
            "5: localTraffic.interfaceNamePrefix: is empty; the mode InterfaceNamePrefix needs what "
                + "the names of the interfaces begin with"
        ),
        Refusal(
            "nodePorts: {addresses: [10.0.0.0/8, fd00::/8, 10.0.0.0/8]}",
            "3: nodePorts.addresses[2]: \"10.0.0.0/8\" is given twice"
        ),
        Refusal(
            "externalIPs: {allowed: [10.0.0.0/8, 10.0.0.0/8]}",
            "3: externalIPs.allowed[1]: \"10.0.0.0/8\" is given twice"
        ),
        Refusal(
            "ipvs: {excludedRanges: [fd00::/8, 10.0.0.0/8, fd00::/8]}",
            "3: ipvs.excludedRanges[2]: \"fd00::/8\" is given twice"
        ),
        Refusal(
            "ipvs: {firewallMarks: {base: 0x1800}}",
            "3: ipvs.firewallMarks.base: \"0x1800\" is not a multiple of 0x1000, which is the number "
                + "of marks with bits: 12"
        ),
        Refusal(
            "masquerade:\n  bit: 11",
            "4: masquerade.bit: \"11\" is the bit 0x800, which is set in some of the marks "
                + "0x1000…0x1fff of ipvs.firewallMarks; choose another bit, or other marks"
        ),
        Refusal(
            "ipvs:\n  firewallMarks:\n    base: 0x4000",
            "5: masquerade.bit: \"14\" is the bit 0x4000, which is set in all of the marks "
                + "0x4000…0x4fff of ipvs.firewallMarks; choose another bit, or other marks"
        ),
        Refusal(
            "masquerade: {bit: x}\nipvs: {firewallMarks: {base: 0x4000}}",
            "3: masquerade.bit: \"x\" is not a whole number in 0…31"
        ),
        Refusal(
            "ipvs:\n  scheduler:\n    name: rr\n    flags:\n    - flag-1\n    - sh-port",
            "8: ipvs.scheduler.flags[1]: \"sh-port\" is not a flag of the scheduler rr; allowed are "
                + "flag-1, flag-2 and flag-3"
        ),
        Refusal(
            "ipvs: {namespaceSchedulers: {web: {name: mh, flags: [mh-port, mh-port]}}}",
            "3: ipvs.namespaceSchedulers.web.flags[1]: \"mh-port\" is given twice"
        ),
        Refusal(
            "addresses: {sourceAddresses: [10.0.0.1, \"fd00::1\", 10.0.0.2]}",
            "3: addresses.sourceAddresses[2]: \"10.0.0.2\" is a second IPv4 address beside 10.0.0.1; "
                + "allowed is one of each family"
        ),
        Refusal(
            "clusterCIDRs: [10.0.0.0/8, 10.0.0.0/8]",
            "3: clusterCIDRs[1]: \"10.0.0.0/8\" is given twice"
        ),
        Refusal(
            "intervals:\n  retryInitial: 2m",
            "4: intervals.retryMaximum: \"1m\" is shorter than retryInitial, which is 2m"
        ),
        Refusal(
            "intervals: {retryInitial: 2m, retryMaximum: x}",
            "3: intervals.retryMaximum: \"x\" is not a duration such as 500ms, 1.5s or 1h30m"
        ),
    ]

    static let shapes = [
        Refusal(
            "logging: debug",
            "3: logging: is a single value where a map is expected with the fields level and format"
        ),
        Refusal(
            "ipvs: [1]",
            "3: ipvs: is a list where a map is expected with the fields scheduler, "
                + "namespaceSchedulers, timeouts, manageKernelParameters, firewallMarks and "
                + "excludedRanges"
        ),
        Refusal(
            "mode: [ipvs]",
            "3: mode: is a list where one value is expected; allowed: auto, ipvs and iptables"
        ),
        Refusal(
            "clusterCIDRs: 10.0.0.0/8",
            "3: clusterCIDRs: is a single value where a list is expected; allowed: a list of "
                + "prefixes such as 10.0.0.0/8 or fd00::/8"
        ),
        Refusal(
            "nodePorts: {addresses: {a: b}}",
            "3: nodePorts.addresses: is a map where a list is expected; allowed: a list of prefixes "
                + "such as 10.0.0.0/8 or fd00::/8"
        ),
        Refusal("clusterCIDRs:\n-\n- 10.0.0.0/8", "4: clusterCIDRs[0]: is empty"),
        Refusal("? [a]\n: 1", "3: has a list as a key; keys are names"),
        Refusal(
            "ipvs: {namespaceSchedulers: {web: }}",
            "3: ipvs.namespaceSchedulers.web.name: is missing; write name: rr"
        ),
    ]

    static let unknown = [
        Refusal("nodename: a", "3: nodename: is not a known field; did you mean nodeName?"),
        Refusal("node-name: a", "3: node-name: is not a known field; did you mean nodeName?"),
        Refusal(
            "clusterCIDR: a",
            "3: clusterCIDR: is not a known field; did you mean clusterCIDRs?"
        ),
        Refusal(
            "ipvs:\n  schedular:\n    nmae: 5",
            "4: ipvs.schedular: is not a known field; did you mean scheduler?"
        ),
        Refusal(
            "localTraffic: {bridge: cni0}",
            "3: localTraffic.bridge: is not a known field; the fields here are mode, "
                + "bridgeInterface and interfaceNamePrefix"
        ),
        Refusal(
            "manifests: {path: /a}",
            "3: manifests.path: is not a known field; the fields here are directory and "
                + "maximumFileSize"
        ),
    ]

    static let duplicates = [
        Refusal("mode: auto\nmode: ipvs", "4: mode: is already given in line 3"),
        Refusal("\"mode\": auto\n'mode': ipvs", "4: mode: is already given in line 3"),
        Refusal("mode: auto\r\n\"mode\": ipvs\r\n", "4: mode: is already given in line 3"),
        Refusal(
            "mode: nat\nmode: x\nmode: y\nnodeName: A B",
            "3: mode: \"nat\" is not a mode; allowed are auto, ipvs and iptables",
            "4: mode: is already given in line 3",
            "5: mode: is already given in line 3",
            "6: nodeName: \"A B\" is not the name of a Node; allowed: lower-case letters, digits, "
                + "\"-\" and \".\" inside, at most 253 characters"
        ),
        Refusal(
            "ipvs: {timeouts: {tcp: 1s, tcp: 2s}, namespaceSchedulers: {a: {name: rr}, a: {name: lc}}}",
            "3: ipvs.namespaceSchedulers.a: is already given in line 3",
            "3: ipvs.timeouts.tcp: is already given in line 3"
        ),
        Refusal("!!str mode: auto\n!!str mode: ipvs", "3: mode: is given more than once"),
    ]

    static let empty =
        " is empty; the first two lines must be \"apiVersion: fairlead.dev/v1alpha1\" and "
        + "\"kind: FairleadConfiguration\""

    static let files = [
        Refusal("", empty),
        Refusal("# nothing\n", empty),
        Refusal("---\n", empty),
        Refusal(
            "mode: auto",
            "1: apiVersion: is missing; write apiVersion: fairlead.dev/v1alpha1",
            "1: kind: is missing; write kind: FairleadConfiguration"
        ),
        Refusal(
            "apiVersion: fairlead.dev/v2\nkind: FairleadConfiguration\nmode: nat",
            "1: apiVersion: \"fairlead.dev/v2\" is not known here; write apiVersion: "
                + "fairlead.dev/v1alpha1",
            "3: mode: \"nat\" is not a mode; allowed are auto, ipvs and iptables"
        ),
        Refusal(
            "apiVersion: v1\nkind: ConfigMap\ndata: {}",
            "1: apiVersion: \"v1\" is not known here; write apiVersion: fairlead.dev/v1alpha1",
            "2: kind: \"ConfigMap\" is not known here; a configuration is in the data of a "
                + "ConfigMap, and goes into a file by itself"
        ),
        Refusal(
            "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nipvs: 1",
            "1: apiVersion: \"kubeproxy.config.k8s.io/v1alpha1\" is not known here; write "
                + "apiVersion: fairlead.dev/v1alpha1",
            "2: kind: \"KubeProxyConfiguration\" is not known here; write kind: "
                + "FairleadConfiguration"
        ),
        Refusal(
            header + "mode: nat\n---\n" + header,
            "3: mode: \"nat\" is not a mode; allowed are auto, ipvs and iptables",
            "5: another document begins here; a configuration file holds only one"
        ),
        Refusal(
            header + "ipvs:\n\tscheduler: 1",
            "4: is not YAML: a character that cannot begin a value, such as a tab or @, at column 1"
        ),
        Refusal(
            header + "ipvs: [a, b",
            "4: is not YAML: did not find expected ',' or ']' at column 1, while parsing a flow "
                + "sequence that begins in line 3"
        ),
        Refusal(
            header + "mode: \u{7}",
            "3: is not YAML: control characters are not allowed at column 7"
        ),
        Refusal(header + "mode: *a", "3: is not YAML: found undefined alias at column 7"),
    ]
}
