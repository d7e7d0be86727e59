import Addressing
import DataplaneModel
import FaultInjection
import LinuxDataplane
import NetworkLab
import Planning
import Reconciliation
import Routing
import ServiceModel
import TestSupport

/// A reconciler on a real kernel through hours of changes, faults, kills and interference, by a clock
/// that does not wait.
///
/// It lives in the network namespace of the thread that makes it.
struct Soak: ~Copyable {
    typealias Device = FaultyDataplane<LinuxDataplane>

    let seed: UInt64
    let mode: DataplaneMode
    let stateDirectory: String
    var numbers: SeededGenerator
    var cluster: GeneratedCluster
    var foreign: ForeignObjects
    var reconciler: Reconciler<Device>
    var now = Duration.seconds(1)
    var figures = SoakFigures()
    var problems: [String] = []
    /// Rounds until the API is heard again; 0 while it is.
    private var silence = 0
    /// Rounds until the kernel changes its mood.
    private var mood = 0
    /// Somebody did something that no audit has seen yet.
    var isDisturbed = false
    /// What a restarted reconciler is told at first may not be everything.
    private var isPartial = false

    static let nodeAddresses = [IPAddress.ipv4(0xc000_020a)]

    init(seed: UInt64, mode: DataplaneMode, stateDirectory: String) throws {
        self.seed = seed
        self.mode = mode
        self.stateDirectory = stateDirectory
        numbers = SeededGenerator(seed: seed &* 31 &+ 7)
        cluster = GeneratedCluster(
            seed: seed,
            schedulers: Scheduler.wellKnown.map(\.rawValue),
            nodeAddresses: Self.nodeAddresses
        )
        foreign = ForeignObjects(mode)
        reconciler = try Self.started(
            FaultSchedule(seed: seed &* 17).switchedOff,
            mode,
            stateDirectory,
            now: now
        )
        reconciler.take(.initialSetComplete(isWhole: true))
    }

    static func options(_ mode: DataplaneMode) -> ReconcilerOptions {
        ReconcilerOptions(
            routing: RoutingPolicy(node: RoutingNode(name: GeneratedCluster.nodeName)),
            mode: mode,
            sources: PreferredSources(ipv4: nodeAddresses[0]),
            filter: FilterPolicy(marks: MarkRange(base: 0x1000, bits: 5)),
            auditInterval: .seconds(60),
            draining: DrainingPolicy()
        )
    }

    /// Reads the kernel, as often as it takes.
    static func started(
        _ schedule: FaultSchedule,
        _ mode: DataplaneMode,
        _ stateDirectory: String,
        now: Duration
    ) throws -> Reconciler<Device> {
        var schedule = schedule
        var last: (any Error)?
        for _ in 0..<50 {
            var fresh = Reconciler(
                device: FaultyDataplane(
                    try LinuxDataplane(
                        mode,
                        device: "kube-ipvs0",
                        stateDirectory: stateDirectory
                    ),
                    schedule
                ),
                options: options(mode)
            )
            do {
                try fresh.start(now: now)
                return fresh
            } catch {
                last = error
                schedule = fresh.device.schedule
            }
        }
        throw TrialError("it never started: \(last.map { "\($0)" } ?? "")")
    }

    /// One round: what happens to the cluster and the kernel, and what the reconciler makes of it.
    mutating func round() throws {
        figures.rounds += 1
        for _ in 0..<Int.random(in: 0..<4, using: &numbers) {
            cluster.change()
            figures.changes += 1
        }
        changeMood()
        if numbers.chance(6) { try strike() }
        if numbers.chance(5) { try changeForeign() }
        if numbers.chance(2) { try restart() } else { hear() }
        let before = try usableServers()
        let isAudit = reconciler.isAuditDue(at: now)
        let report = reconciler.reconcile(now: now)
        figures.failures += report.failures.count
        figures.audits += isAudit ? 1 : 0
        figures.drift += report.drift
        try check(before)
        if isAudit, report.auditError == nil { isDisturbed = false }
        let step =
            Duration.seconds(Int.random(in: 0..<20, using: &numbers)) + reconciler.device.delay
        reconciler.device.delay = .zero
        now += step
        figures.simulated += step
    }

    private mutating func changeMood() {
        mood -= 1
        guard mood < 0 else { return }
        mood = Int.random(in: 2..<20, using: &numbers)
        reconciler.device.schedule.isActive = numbers.chance(60)
    }

    /// The API's news, unless it is silent.
    private mutating func hear() {
        if silence == 0, numbers.chance(4) {
            silence = Int.random(in: 1...10, using: &numbers)
            figures.cuts += 1
        }
        if silence > 0 {
            silence -= 1
            guard silence == 0 else { return }
            // A list, after the stream had broken.
            reconciler.take(.changes(cluster.news()))
            reconciler.take(.initialSetComplete(isWhole: true))
            return
        }
        reconciler.take(.changes(cluster.news()))
        if isPartial {
            isPartial = false
            reconciler.take(.initialSetComplete(isWhole: true))
        }
    }

    /// Drops the reconciler without notice, and has another one read the kernel.
    private mutating func restart() throws {
        figures.kills += 1
        silence = 0
        reconciler = try Self.started(
            reconciler.device.schedule,
            mode,
            stateDirectory,
            now: now
        )
        isDisturbed = false
        reconciler.take(.changes(cluster.everything()))
        isPartial = numbers.chance(30)
        reconciler.take(.initialSetComplete(isWhole: !isPartial))
    }

    private mutating func strike() throws {
        let state = try reconciler.device.base.observe()
        let done = try Destruction(mode: mode).strike(state, sparing: foreign, &numbers)
        guard let done else { return }
        figures.disturbances[done, default: 0] += 1
        isDisturbed = true
    }

    private mutating func changeForeign() throws {
        let kind = try foreign.change(&numbers)
        figures.foreignEdits[kind, default: 0] += 1
        // The kernel tells of addresses, and it may be told late.
        if kind == "address", numbers.chance(70) { reconciler.readNodeAddresses() }
    }

    /// Everything that is said now is heard, and everything works.
    mutating func settle() throws {
        silence = 0
        isPartial = false
        reconciler.device.schedule.isActive = false
        reconciler.take(.changes(cluster.news()))
        reconciler.take(.initialSetComplete(isWhole: true))
        now += .seconds(61)
        figures.simulated += .seconds(61)
        figures.audits += 1
        figures.drift += reconciler.reconcile(now: now).drift
        var rounds = 0
        while reconciler.counts.failing > 0 || !reconciler.departures.isEmpty,
            let next = reconciler.nextDeadline, rounds < 120
        {
            now = max(now, next)
            let report = reconciler.reconcile(now: now)
            if rounds == 119 {
                for failure in report.failures { problems.append("for good: \(failure.error)") }
            }
            rounds += 1
        }
        if reconciler.counts.failing > 0 {
            problems.append("\(reconciler.counts.failing) fail for good")
        }
        isDisturbed = false
    }
}
