/// What was looked at; programs know it by its raw value, which stays as it is.
///
/// What stands in front of the dot is the group.
package enum Check: String, Hashable, Sendable, CaseIterable {
    case release = "kernel.release"
    case estimator = "kernel.estimator"
    case ipvs = "ipvs.kernel"
    case scheduler = "ipvs.scheduler"
    case otherSchedulers = "ipvs.other-schedulers"
    case device = "ipvs.device"
    case programs = "filter.programs"
    case variant = "filter.variant"
    case connectionTracking = "filter.connection-tracking"
    case addressSets = "filter.address-sets"
    case setTypes = "filter.set-types"
    case matches = "filter.matches"
    case changing = "rights.change"
    case moduleLoading = "rights.modules"
    case rawSockets = "rights.raw-sockets"
    case stateDirectory = "rights.state-directory"
    case parameter = "parameters.value"
    case connectionReuse = "parameters.connection-reuse"
    case routerAdvertisements = "parameters.router-advertisements"
    case reversePath = "parameters.reverse-path"
    case bridge = "parameters.bridge"
    case trackedConnections = "tables.tracked-connections"
    case trackingBuckets = "tables.tracking-buckets"
    case balancedConnections = "tables.balanced-connections"
    case kubeProxy = "others.kube-proxy"
    case cilium = "others.cilium"
    case kubeRouter = "others.kube-router"
    case foreignServers = "others.virtual-servers"
    case server = "cluster.server"
    case reading = "cluster.reading"
    case daemon = "fairlead.daemon"
    case ownRules = "fairlead.rules"

    /// The group, as a heading.
    package var heading: String {
        switch rawValue.prefix(while: { $0 != "." }) {
        case "kernel": "Kernel"
        case "ipvs": "IPVS"
        case "filter": "Packet filter"
        case "rights": "Rights"
        case "parameters": "Kernel parameters"
        case "tables": "Connection tables"
        case "others": "Other service proxies"
        case "cluster": "Cluster"
        default: "Fairlead"
        }
    }
}

/// One thing that was looked at, and how it stands.
package struct Finding: Hashable, Sendable {
    package let check: Check
    /// What of its kind it is about: `rr`, `net.ipv4.ip_forward`.
    package let subject: String
    package let verdict: Verdict
    /// What was found, as words without a full stop.
    package let text: String
    /// What would help, in whole sentences; nil where all is well.
    package let remedy: String?

    private init(
        _ check: Check,
        _ subject: String,
        _ verdict: Verdict,
        _ text: String,
        _ remedy: String?
    ) {
        self.check = check
        self.subject = subject
        self.verdict = verdict
        self.text = text
        self.remedy = remedy
    }

    /// All is well with it.
    package static func ok(_ check: Check, _ subject: String, _ text: String) -> Finding {
        Finding(check, subject, .ok, text, nil)
    }

    /// Worth knowing; `remedy` says what could be done, or that nothing has to be.
    package static func note(
        _ check: Check,
        _ subject: String,
        _ text: String,
        remedy: String
    ) -> Finding {
        Finding(check, subject, .note, text, remedy)
    }

    /// Something will not work, or not always.
    package static func warning(
        _ check: Check,
        _ subject: String,
        _ text: String,
        remedy: String
    ) -> Finding {
        Finding(check, subject, .warning, text, remedy)
    }

    /// Fairlead cannot serve at all.
    package static func failure(
        _ check: Check,
        _ subject: String,
        _ text: String,
        remedy: String
    ) -> Finding {
        Finding(check, subject, .failure, text, remedy)
    }

    /// A finding whose verdict was weighed; one that is `ok` has no remedy.
    package static func weighed(
        _ verdict: Verdict,
        _ check: Check,
        _ subject: String,
        _ text: String,
        remedy: String
    ) -> Finding {
        Finding(check, subject, verdict, text, verdict == .ok ? nil : remedy)
    }
}
