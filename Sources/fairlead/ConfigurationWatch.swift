import LinuxDataplane
import Logging
import ServiceLifecycle
import Settings
import Synchronization

/// A configuration file that a daemon runs by.
struct FollowedFile: Sendable {
    let path: String
    /// What a text of the file comes to, with the options of the command line on top.
    let read: @Sendable (String) throws(ConfigurationErrors) -> LoadedConfiguration
}

/// Looks at the configuration file, and ends when it says something else than what the daemon runs
/// by.
///
/// It reads the file again and again, as that sees every way in which one can change: written in
/// place, moved over, or replaced with a directory that a link leads to, as ConfigMaps are.
final class ConfigurationWatch: Service {
    private let running: FairleadConfiguration
    private let file: FollowedFile?
    private let logger: Logger
    private let found = Mutex(false)
    private let remark = Mutex<String?>(nil)

    /// ConfigMaps themselves come to a node within a minute or so.
    private static let interval = Duration.seconds(10)

    init(running: FairleadConfiguration, file: FollowedFile?, logger: Logger) {
        self.running = running
        self.file = file
        self.logger = logger
    }

    /// Whether it ended since another configuration is to be served.
    var hasFoundAnother: Bool { found.withLock { $0 } }

    /// What is wrong with the file as it is now.
    var remarks: [String] { remark.withLock { $0.map { [$0] } ?? [] } }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.follow() }
    }

    private func follow() async {
        guard let file else { return await Self.waitForShutdown() }
        var follower = ConfigurationFollower(running: running, read: file.read)
        while !Task.isCancelled {
            let text = try? HostFile.read(file.path, upTo: ConfigurationFile.longest)
            switch follower.look(at: text ?? nil) {
            case .nothingNew: break
            case .sameConfiguration:
                remark.withLock { $0 = nil }
                logger.info("\(file.path) changed, and says the same as before")
            case .gone:
                let words = "\(file.path) cannot be read any more; what it said goes on to count"
                remark.withLock { $0 = words }
                logger.warning("\(words)")
            case .wrong(let errors):
                for problem in errors.problems { logger.error("\(problem)") }
                let words = "\(file.path) is wrong now; what it said before goes on to count"
                remark.withLock { $0 = words }
                logger.error("\(words)")
            case .other:
                logger.notice("\(file.path) says something else now; starting anew by it")
                return found.withLock { $0 = true }
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    private static func waitForShutdown() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }
}
