/// What was measured of the chains that stand in for virtual servers, each figure the median of
/// several runs.
struct IptablesMeasurement: Encodable {
    /// `nft` or `legacy`.
    let variant: String
    let services: Int
    let endpointsPerService: Int
    /// Lines of the chains that stand in for virtual servers, as `iptables-restore` takes them.
    var lines = 0
    /// Seconds of `iptables-restore` with exactly these lines.
    var floor = 0.0
    /// Seconds from decoded objects to the last thing in the kernel.
    var cold = 0.0
    /// Seconds of that for what is there without any Service too.
    var rules = 0.0
    /// Seconds of `iptables-restore` with one dispatch rule for each Service in one chain, a chain for
    /// each Service and one for each endpoint, as kube-proxy has them.
    var flat = 0.0
    var flatLines = 0
    /// Seconds in the process for one endpoint that goes, and for one that comes.
    var removal = 0.0
    var addition = 0.0
    /// Seconds of `iptables-restore` with the same lines into the same table.
    var removalFloor = 0.0
    var additionFloor = 0.0
    /// Lines of the longer of the two transactions.
    var changeLines = 0
    /// Seconds to read everything back with all in place: by the process that wrote it, and by one
    /// that has just been started.
    var observation = 0.0
    var restart = 0.0
    /// Seconds of `iptables-save` and `ip6tables-save` alone.
    var saving = 0.0
    /// Bytes resident when everything is programmed, and at the peak.
    var resident = 0
    var residentPeak = 0
    var handshakes = Handshakes()

    /// Seconds until a TCP connection stands, from a client beside the node.
    struct Handshakes: Encodable {
        /// To an endpoint, on a node without any rule.
        var direct = 0.0
        /// To the Service that comes first and to the one that comes last, in the order of each.
        var first = 0.0
        var last = 0.0
        var flatFirst = 0.0
        var flatLast = 0.0
    }

    var figures: [Figure] {
        [
            Figure("floor: iptables-restore, same lines", .seconds(floor)),
            Figure("  lines", .count(lines)),
            Figure("fairlead: objects to kernel", .seconds(cold)),
            Figure("  rules and no Service", .seconds(rules)),
            Figure("flat, as kube-proxy: iptables-restore", .seconds(flat)),
            Figure("  lines", .count(flatLines)),
            Figure("  fairlead / floor", .ratio(cold / floor)),
            Figure("  flat / fairlead", .ratio(flat / cold)),
            Figure("one endpoint goes", .seconds(removal)),
            Figure("  / iptables-restore", .ratio(removal / removalFloor)),
            Figure("one endpoint comes", .seconds(addition)),
            Figure("  / iptables-restore", .ratio(addition / additionFloor)),
            Figure("  lines", .count(changeLines)),
            Figure("audit: reading the kernel", .seconds(observation)),
            Figure("  / iptables-save", .ratio(observation / saving)),
            Figure("restart: reading the kernel", .seconds(restart)),
            Figure("  / iptables-save", .ratio(restart / saving)),
            Figure("resident memory", .bytes(resident)),
            Figure("  at the peak", .bytes(residentPeak)),
            Figure("connect: endpoint, no rules", .seconds(handshakes.direct)),
            Figure("  first Service / endpoint", .ratio(handshakes.first / handshakes.direct)),
            Figure("  last Service / endpoint", .ratio(handshakes.last / handshakes.direct)),
            Figure("  flat, first / endpoint", .ratio(handshakes.flatFirst / handshakes.direct)),
            Figure("  flat, last / endpoint", .ratio(handshakes.flatLast / handshakes.direct)),
        ]
    }
}
