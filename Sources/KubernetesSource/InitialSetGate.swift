import ServiceModel
import Synchronization

/// Hands events on, and says when everything that exists has been handed over.
final class InitialSetGate: Sendable {
    /// What has to be complete.
    enum Part: String, Hashable, CaseIterable {
        case services, endpoints, node
    }

    private struct State {
        /// Of the parts that are complete, whether everything in them could be read.
        var isWhole: [Part: Bool] = [:]
        /// What was said; nil before anything was.
        var said: Bool?
    }

    private let state = Mutex(State())
    private let sink: @Sendable (SourceEvent) -> Void

    init(sink: @escaping @Sendable (SourceEvent) -> Void) { self.sink = sink }

    func pass(_ event: SourceEvent) { sink(event) }

    /// Takes in that a part is complete, and whether all of it could be read.
    ///
    /// It is said once, and again when nothing is unreadable any more.
    func complete(_ part: Part, isWhole: Bool) {
        // Said within the lock: in another order it would mean something else.
        state.withLock { state in
            state.isWhole[part] = isWhole
            guard state.isWhole.count == Part.allCases.count, state.said != true else { return }
            let all = state.isWhole.values.allSatisfy(\.self)
            guard state.said != all else { return }
            state.said = all
            sink(.initialSetComplete(isWhole: all))
        }
    }
}
