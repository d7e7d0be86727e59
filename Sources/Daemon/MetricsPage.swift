import DataplaneModel
import LinuxDataplane
import Measurements
import ServiceModel
import Settings
import StatusServer

/// What `/metrics` answers: made when somebody asks, and again only after a while.
actor MetricsPage {
    private let settings: MetricsSettings
    private let mailbox: Mailbox
    private let record: ServingRecord
    private let activity: @Sendable () -> SourceActivity?
    private let failingPorts: @Sendable () async -> [(purpose: String, count: Int)]
    private let counters = KernelCounters()
    private var latest: (answer: StatusAnswer, moment: ContinuousClock.Instant)?
    private var running: Task<StatusAnswer, Never>?

    private let lifetime: Duration
    private let patience: Duration

    /// `lifetime` is how long an answer counts as new, `patience` how long the task that serves may
    /// take, and reading the kernel after that: both together are shorter than Prometheus waits.
    init(
        _ settings: MetricsSettings,
        mailbox: Mailbox,
        record: ServingRecord,
        activity: @escaping @Sendable () -> SourceActivity?,
        failingPorts: @escaping @Sendable () async -> [(purpose: String, count: Int)],
        lifetime: Duration = .seconds(1),
        patience: Duration = .seconds(4)
    ) {
        self.lifetime = lifetime
        self.patience = patience
        self.settings = settings
        self.mailbox = mailbox
        self.record = record
        self.activity = activity
        self.failingPorts = failingPorts
    }

    /// The answer: a new one, or that of a moment ago.
    func answer() async -> StatusAnswer {
        if let latest, ContinuousClock.now - latest.moment < lifetime { return latest.answer }
        if let running { return await running.value }
        let making = Task { await make() }
        running = making
        let answer = await making.value
        running = nil
        let moment = ContinuousClock.now
        latest = (answer, moment)
        Task {
            try? await Task.sleep(for: lifetime)
            forget(moment)
        }
        return answer
    }

    /// It may be large, and nobody may ask for it again for a long time.
    private func forget(_ moment: ContinuousClock.Instant) {
        if latest?.moment == moment { latest = nil }
    }

    private func make() async -> StatusAnswer {
        var exposition = Exposition()
        exposition.begin(
            MetricFamily(.gauge, "fairlead_build_info", "1, with the version as a label.")
        )
        exposition.add(["version": FairleadVersion.text], 1)
        record.write(to: &exposition)
        let isComplete = await writeServing(&exposition)
        exposition.add(
            .gauge,
            "fairlead_scrape_complete",
            "1 if the task that serves answered in time, and the kernel's counters could be read.",
            isComplete ? 1 : 0
        )
        exposition.begin(
            MetricFamily(
                .gauge,
                "fairlead_listeners_failing",
                "Ports that cannot be opened, by what they are for."
            )
        )
        for (purpose, count) in await failingPorts() {
            exposition.add(["purpose": purpose], count: count)
        }
        activity()?.write(to: &exposition)
        ProcessFigures.ofThisProcess.write(to: &exposition)
        return StatusAnswer(exposition.bytes, contentType: Exposition.contentType)
    }

    /// Writes what is served, and what the kernel counts of it; false where something is missing.
    private func writeServing(_ exposition: inout Exposition) async -> Bool {
        let mode = record.mode
        guard let served = await served(of: mode) else { return false }
        served.figures.write(to: &exposition)
        let measurements = ServerMeasurements(
            showsRealServers: settings.realServers,
            maximumSeries: settings.maximumSeries,
            hasCounters: mode == .ipvs
        )
        var readings = served.uncounted
        if mode == .ipvs {
            let keys = measurements.withRealServers(among: served.ports)
            readings = await TimedAnswer.wait(patience) {
                counters.read(realServersOf: keys, $0)
            }
        }
        guard let readings else { return false }
        let leftOut = measurements.write(readings, served: served.ports, to: &exposition)
        exposition.add(
            .gauge,
            "fairlead_series_left_out",
            "Series of virtual and real servers beyond metrics.maximumSeries.",
            Double(leftOut)
        )
        return true
    }

    /// What the task that serves says; the snapshot is let go of before anything else is waited for.
    private func served(
        of mode: DataplaneMode?
    ) async -> (
        figures: ServingFigures, ports: [VirtualServerKey: ServedPort],
        uncounted: [VirtualServerReading]?
    )? {
        let snapshot = await TimedAnswer.wait(patience) { answer in
            mailbox.post(.measurementQuestion(answer: answer))
        }
        guard let snapshot else { return nil }
        return (
            snapshot.figures(), snapshot.ports(), mode == .iptables ? snapshot.uncounted() : nil
        )
    }
}

extension ProcessFigures {
    fileprivate static var ofThisProcess: ProcessFigures {
        let files = ProcessFiles()
        var figures = ProcessFigures(
            stat: files.stat,
            status: files.status,
            limits: files.limits,
            system: files.system
        )
        figures.openFiles = files.openFiles
        return figures
    }
}
