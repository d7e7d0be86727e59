import Addressing
import ListeningSockets
import Logging
import ServiceModel
import Settings
import StatusServer

/// The ports where the daemon says whether it is well, and what it measures.
struct ProbeServers: Sendable {
    private let configuration: FairleadConfiguration
    private let health: StatusServer
    private let metrics: StatusServer
    /// Beside that of the metrics themselves, which nobody could read of there.
    private let failingPortsOfOthers: @Sendable () async -> [(purpose: String, count: Int)]
    private static let healthOwner = "health.bindAddress"
    private static let metricsOwner = "metrics.bindAddress"

    init(
        _ configuration: FairleadConfiguration,
        mailbox: Mailbox,
        listeners: NodeListeners,
        record: ServingRecord,
        activity: @escaping @Sendable () -> SourceActivity?,
        logger: Logger
    ) {
        self.configuration = configuration
        let health = StatusServer(owner: Self.healthOwner, logger: logger) { request in
            HealthPages(record: record).answer(request)
        }
        let failingPorts: @Sendable () async -> [(purpose: String, count: Int)] = {
            await listeners.failingPorts() + [("health", await health.failingPorts)]
        }
        let page = MetricsPage(
            configuration.metrics,
            mailbox: mailbox,
            record: record,
            activity: activity,
            failingPorts: failingPorts
        )
        let pages = MetricsPages(
            record: record,
            metrics: page,
            configuration: configuration.json()
        )
        failingPortsOfOthers = failingPorts
        self.health = health
        metrics = StatusServer(owner: Self.metricsOwner, logger: logger) {
            await pages.answer($0)
        }
    }

    /// Begins to listen, and answers what could not be opened, which is logged and tried again.
    @discardableResult
    func listen() async -> [ListenProblem] {
        let ofHealth = await health.listen(
            on: configuration.health.bindAddress.map { ListeningPort($0) }
        )
        return ofHealth
            + (await metrics.listen(
                on: configuration.metrics.bindAddress.map { ListeningPort($0) }
            ))
    }

    /// How many ports of this process cannot be opened, by what they are for.
    func failingPorts() async -> [(purpose: String, count: Int)] {
        await failingPortsOfOthers() + [("metrics", await metrics.failingPorts)]
    }

    /// The first problem without whose end the daemon is not to run.
    func fatal(among problems: [ListenProblem]) -> ListenProblem? {
        problems.first { problem in
            switch problem.owner {
            case Self.healthOwner: configuration.health.bindFailureIsFatal
            case Self.metricsOwner: configuration.metrics.bindFailureIsFatal
            default: false
            }
        }
    }

    /// Closes both, for good.
    func shutdown() async {
        await health.shutdown()
        await metrics.shutdown()
    }
}

extension ListeningPort {
    fileprivate init(_ address: ListenAddress) {
        self =
            address.address.map { ListeningPort(SocketEndpoint($0, address.port), .tcp) }
            ?? .everywhere(address.port, .tcp)
    }
}
