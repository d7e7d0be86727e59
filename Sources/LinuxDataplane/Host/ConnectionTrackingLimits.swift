package import DataplaneModel
import Glibc

/// What is asked of the kernel's connection tracking (`Documentation/networking/nf_conntrack-sysctl`).
///
/// Zero and false leave what the kernel has.
package struct ConnectionTrackingLimits: Hashable, Sendable {
    /// The number of connections that may be tracked.
    package var maximum = 0
    /// In seconds, as all the others.
    package var tcpEstablished = 0
    package var tcpCloseWait = 0
    package var udp = 0
    package var udpStream = 0
    package var tcpBeLiberal = false

    package init() {}

    /// What was written, in the words of `sysctl`, and what could not be.
    package struct Outcome: Sendable {
        package var written: [String] = []
        package var failures: [DataplaneError] = []
    }

    /// The limit for a number of connections for each processor, and at least `minimum`; zero for
    /// none of them.
    package static func maximum(perCore: Int, minimum: Int, cores: Int) -> Int {
        let (product, isTooLarge) = perCore.multipliedReportingOverflow(by: cores)
        guard perCore > 0 else { return 0 }
        return min(max(isTooLarge ? .max : product, minimum), Int(Int32.max))
    }

    /// The processors that this machine runs, whichever of them this process may use.
    package static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Whether the kernel tracks connections already; its module brings the parameters.
    package static var canBeWritten: Bool {
        (try? KernelParameter(rawValue: "net.netfilter.nf_conntrack_max").read()) != nil
    }

    /// Whether nothing is asked for.
    package var isEmpty: Bool { self == ConnectionTrackingLimits() }

    /// Writes what differs, each value by itself; `root` is the directory that has `proc` and `sys`.
    ///
    /// The number of connections and of the hash table's buckets is only raised: others may have
    /// asked for more.
    package func write(root: String = "") -> Outcome {
        var outcome = Outcome()
        let prefix = "net.netfilter.nf_conntrack_"
        if maximum > 0 {
            let limit = KernelParameter(rawValue: prefix + "max")
            set(limit.rawValue, root + limit.path, to: maximum, onlyRaising: true, &outcome)
            let buckets = "/sys/module/nf_conntrack/parameters/hashsize"
            set(buckets, root + buckets, to: maximum / 4, onlyRaising: true, &outcome)
        }
        let values = [
            ("tcp_timeout_established", tcpEstablished), ("tcp_timeout_close_wait", tcpCloseWait),
            ("udp_timeout", udp), ("udp_timeout_stream", udpStream),
            ("tcp_be_liberal", tcpBeLiberal ? 1 : 0),
        ]
        for (name, value) in values where value > 0 {
            let parameter = KernelParameter(rawValue: prefix + name)
            set(parameter.rawValue, root + parameter.path, to: value, onlyRaising: false, &outcome)
        }
        return outcome
    }

    private func set(
        _ name: String,
        _ path: String,
        to value: Int,
        onlyRaising: Bool,
        _ outcome: inout Outcome
    ) {
        do throws(DataplaneError) {
            let text = try HostFile.read(path)
            let present = text.flatMap { Int($0.prefix { $0 != "\n" }) }
            if let present, onlyRaising ? present >= value : present == value { return }
            try HostFile.write("\(value)", to: path)
            outcome.written.append("\(name) = \(value)")
        } catch {
            outcome.failures.append(error)
        }
    }
}
