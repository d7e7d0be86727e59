package import Addressing

/// Whether the kernel keeps up with the cluster, by the rule of kube-proxy.
///
/// A change is queued when it arrives, and synchronised when a round that took it in has left no
/// failure that all Services rely on (`pkg/proxy/healthcheck/proxy_health.go` of Kubernetes). Moments
/// are durations since any fixed one, on a clock that does not jump.
package struct ProxyHealth: Hashable, Sendable {
    /// How long a change may wait.
    package let limit: Duration
    /// Since when there is a change that no round has taken in.
    private var waitingSince: Duration?
    /// Since when there is a change that was taken in and is not in the kernel.
    private var unsyncedSince: [AddressFamily: Duration] = [:]
    private var lastSynced: [AddressFamily: Duration] = [:]
    /// The source has not yet said all that exists.
    private var isStarting = true
    /// Whether a load balancer may send clients here, as far as the Node object says it.
    package var isNodeEligible = true

    /// How one family stands, or all of them together.
    package struct Status: Hashable, Sendable {
        package let isHealthy: Bool
        /// Nil before the first time.
        package let lastSynced: Duration?

        package init(isHealthy: Bool, lastSynced: Duration?) {
            self.isHealthy = isHealthy
            self.lastSynced = lastSynced
        }
    }

    package struct Report: Hashable, Sendable {
        package let isHealthy: Bool
        package let isNodeEligible: Bool
        /// The latest of any family.
        package let lastSynced: Duration?
        /// Families that were synchronised, or are late.
        package let families: [AddressFamily: Status]
    }

    package init(limit: Duration) { self.limit = limit }

    /// The limit for an interval of audits, zero for never: twice that, and no less than a minute.
    package static func limit(auditInterval: Duration) -> Duration {
        max(auditInterval, .seconds(30)) * 2
    }

    /// Notes a change that arrived.
    package mutating func queued(at moment: Duration) {
        if waitingSince == nil { waitingSince = moment }
    }

    /// Notes that everything that was queued is in the round that begins.
    package mutating func taken() {
        guard let waiting = waitingSince else { return }
        waitingSince = nil
        for family in AddressFamily.allCases where unsyncedSince[family] == nil {
            unsyncedSince[family] = waiting
        }
    }

    /// Notes that a round has ended, which began when all that exists was known, and for which
    /// families it left nothing undone.
    package mutating func ended(at moment: Duration, synced: some Sequence<AddressFamily>) {
        isStarting = false
        for family in synced {
            unsyncedSince[family] = nil
            lastSynced[family] = moment
        }
    }

    /// Whether something was taken in and is not in the kernel.
    package var hasUnsynced: Bool { !unsyncedSince.isEmpty }

    /// How it stands at a moment.
    package func report(at now: Duration) -> Report {
        var families: [AddressFamily: Status] = [:]
        for family in AddressFamily.allCases {
            let since = unsyncedSince[family] ?? waitingSince
            let isLate = !isStarting && since.map { now - $0 >= limit } ?? false
            guard isLate || lastSynced[family] != nil else { continue }
            families[family] = Status(isHealthy: !isLate, lastSynced: lastSynced[family])
        }
        return Report(
            isHealthy: families.values.allSatisfy(\.isHealthy),
            isNodeEligible: isNodeEligible,
            lastSynced: lastSynced.values.max(),
            families: families
        )
    }
}
