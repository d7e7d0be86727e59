import Addressing
import DataplaneModel
import FoundationEssentials
import LinuxDataplane
import Measurements
import Reconciliation
import Routing
import ServiceModel
import Settings
import Synchronization

/// How the daemon keeps up, for those who ask from outside of the task that serves.
///
/// Nobody waits for that task here: it may be busy for long, or hang.
final class ServingRecord: Sendable {
    private struct State {
        var health: ProxyHealth
        var measurements: ServingMeasurements
        var mode: DataplaneMode?
        var isFallback = false
        /// There has been an object of this node.
        var hasSeenNode = false
    }

    private let state: Mutex<State>
    private let configuredMode: ProxyMode
    private let clock = ContinuousClock()
    private let origin: ContinuousClock.Instant

    init(_ configuration: FairleadConfiguration) {
        let limit = ProxyHealth.limit(auditInterval: configuration.intervals.audit)
        configuredMode = configuration.mode
        origin = clock.now
        state = Mutex(
            State(
                health: ProxyHealth(limit: limit),
                measurements: ServingMeasurements(start: Self.wallClock)
            )
        )
    }

    private var now: Duration { clock.now - origin }

    /// Seconds since 1970.
    private static var wallClock: Double { Date().timeIntervalSince1970 }

    /// Notes a message that may change what is wanted.
    func queued(_ message: DaemonMessage) {
        let (now, wallClock) = (now, Self.wallClock)
        state.withLock { state in
            state.health.queued(at: now)
            if case .event(let event) = message {
                state.measurements.queued(event, at: wallClock)
            }
        }
    }

    /// Notes that all messages that there are will be in the next round.
    func taken() {
        state.withLock { state in
            state.health.taken()
            state.measurements.taken()
        }
    }

    /// Notes when endpoints changed that the next round is about.
    func taken(_ triggers: [EndpointTrigger], in cluster: RoutedCluster) {
        state.withLock { state in
            for trigger in triggers {
                guard
                    case .clusterIPs(let addresses)? = cluster.view(of: trigger.service)?
                        .service.reachability
                else { continue }
                state.measurements.taken(trigger, families: Set(addresses.map(\.family)))
            }
        }
    }

    /// Takes in a round.
    func ended(
        _ report: ReconciliationReport,
        of reconciler: borrowing Reconciler<LinuxDataplane>,
        _ choice: DataplaneChoice,
        isAudit: Bool,
        took: Duration
    ) {
        let node = reconciler.cluster.node
        let mode = reconciler.entry
        let isStarted = reconciler.isStarted
        let round = ServingMeasurements.Round(
            isFull: report.isInitialSync || (isAudit && report.auditError == nil),
            isAudit: isAudit,
            took: took,
            synced: reconciler.soundFamilies,
            usesChains: reconciler.options.mode == .iptables,
            kernelCalls: reconciler.device.systemCalls,
            end: Self.wallClock
        )
        let now = now
        state.withLock { state in
            state.mode = mode
            state.isFallback = choice.isFallback
            if node != nil { state.hasSeenNode = true }
            state.health.isNodeEligible = node.map { !$0.isLeaving } ?? !state.hasSeenNode
            // A round that had nothing to do says nothing of the kernel.
            guard isStarted, state.health.hasUnsynced || isAudit || !report.isEmpty else { return }
            state.health.ended(at: now, synced: round.synced)
            state.measurements.ended(round, report)
        }
    }

    /// What connections come to; nil before it is known.
    var mode: DataplaneMode? { state.withLock { $0.mode } }

    /// Whether the kernel keeps up with the cluster.
    var isHealthy: Bool {
        let now = now
        return state.withLock { $0.health.report(at: now).isHealthy }
    }

    /// Answers `/healthz`, and counts it.
    func healthz() -> HealthText {
        answer(HealthText.healthz) { $0.answeredHealthz(isOK: $1) }
    }

    /// Answers `/livez`, and counts it.
    func livez() -> HealthText {
        answer(HealthText.livez) { $0.answeredLivez(isOK: $1) }
    }

    private func answer(
        _ text: (ProxyHealth.Report, Duration, Int64) -> HealthText,
        count: (inout ServingMeasurements, Bool) -> Void
    ) -> HealthText {
        let (now, wallClock) = (now, Int64(Self.wallClock * 1_000_000))
        return state.withLock { state in
            let text = text(state.health.report(at: now), now, wallClock)
            count(&state.measurements, text.isOK)
            return text
        }
    }

    /// Writes all that is known here.
    func write(to exposition: inout Exposition) {
        let (measurements, mode, isFallback) = state.withLock {
            ($0.measurements, $0.mode, $0.isFallback)
        }
        var figures = ServingFigures()
        figures.mode = mode?.rawValue ?? ""
        figures.configuredMode = configuredMode.rawValue
        figures.isFallback = isFallback
        figures.writeMode(to: &exposition)
        measurements.write(to: &exposition)
    }
}
