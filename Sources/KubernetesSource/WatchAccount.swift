import KubernetesWatch
import Logging
import ServiceModel
import Synchronization

/// What the followers of all collections have done, and what was said of it in the log.
final class WatchAccount: Sendable {
    typealias Part = InitialSetGate.Part

    private struct State {
        var collections: [Part: SourceActivity.Collection] = [:]
        /// Of followers that are gone.
        var formerFailures: [Part: [String: Int]] = [:]
        var contacts: [Part: ContinuousClock.Instant] = [:]
        var problems: [Part: FollowStep.Problem] = [:]
        /// What there is to be said of a Node that is not there.
        var lacksNode: String?
    }

    private let state = Mutex(State())
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    var activity: SourceActivity {
        state.withLock { state in
            var activity = SourceActivity()
            activity.collections = Part.allCases.compactMap { part in
                // Before there is anything to follow, what the server has is asked for.
                guard
                    var collection = state.collections[part]
                        ?? state.problems[part].map({ _ in
                            SourceActivity.Collection(resource: part.rawValue, state: "starting")
                        })
                else { return nil }
                collection.failures.merge(state.formerFailures[part] ?? [:], uniquingKeysWith: +)
                collection.problem = state.problems[part]?.message
                if part == .node, collection.problem == nil { collection.problem = state.lacksNode }
                collection.secondsSinceContact = state.contacts[part].map {
                    ($0.duration(to: .now) / .milliseconds(1)).rounded() / 1000
                }
                return collection
            }
            return activity
        }
    }

    func show(_ collection: SourceActivity.Collection, of part: Part) {
        state.withLock { state in
            // Another follower has begun to count.
            if let before = state.collections[part],
                before.resource != collection.resource || before.lists > collection.lists
            {
                state.formerFailures[part, default: [:]].merge(before.failures, uniquingKeysWith: +)
            }
            state.collections[part] = collection
        }
    }

    /// Without its own Node a daemon knows no endpoint as its own, and no zone.
    func nodeIsThere(_ isThere: Bool, name: String) {
        let isNews = state.withLock { state in
            defer { state.lacksNode = isThere ? nil : Self.missing(name) }
            return (state.lacksNode == nil) != isThere
        }
        guard isNews else { return }
        if isThere {
            logger.notice("the Node \"\(name)\" is in the cluster now")
        } else {
            logger.warning("\(Self.missing(name))")
        }
    }

    private static func missing(_ name: String) -> String {
        "there is no Node \"\(name)\" in the cluster: no endpoint counts as one of this node, which "
            + "Services with a policy Local ask for; name the Node of this machine as nodeName in "
            + "the configuration, with --node, or with kube-proxy's --hostname-override"
    }

    func contact(_ part: Part) { state.withLock { $0.contacts[part] = .now } }

    /// Something went wrong; it is said when nobody has said anything of that subject yet.
    func problem(_ problem: FollowStep.Problem, _ part: Part) {
        let isNew = state.withLock { state in
            let isNew = !state.problems.values.contains { $0.subject == problem.subject }
            state.problems[part] = problem
            return isNew
        }
        let level: Logger.Level = isNew ? .warning : .debug
        logger.log(
            level: level,
            "\(problem.message); asking again, and what is programmed stays as it is"
        )
    }

    /// What went wrong is over; it is said when that is so for all.
    func recovered(_ part: Part) {
        let isOver = state.withLock { state in
            state.problems.removeValue(forKey: part) != nil && state.problems.isEmpty
        }
        if isOver { logger.notice("the API server answers as it should again") }
    }
}
