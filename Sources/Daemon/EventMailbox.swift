import ServiceModel
import Synchronization

/// Carries events from sources to the one task that owns the dataplane.
final class EventMailbox: Sendable {
    private struct State {
        var events: [SourceEvent] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isWoken = false
    }

    private let state = Mutex(State())

    /// Adds an event.
    ///
    /// Never waits.
    func post(_ event: SourceEvent) {
        let waiter = state.withLock { state in
            state.events.append(event)
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Waits until there is an event, or until the deadline, or until the task is cancelled; then
    /// takes all events there are.
    func take(until deadline: ContinuousClock.Instant?) async -> [SourceEvent] {
        let timer = deadline.map { deadline in
            Task {
                try? await Task.sleep(until: deadline, clock: .continuous)
                if !Task.isCancelled { self.wake() }
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let isReady = !state.events.isEmpty || state.isWoken || Task.isCancelled
                    if !isReady { state.waiter = continuation }
                    return isReady
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
        timer?.cancel()
        return takeAll()
    }

    /// Takes all events there are, without waiting.
    func takeAll() -> [SourceEvent] {
        state.withLock { state in
            state.isWoken = false
            var taken: [SourceEvent] = []
            swap(&taken, &state.events)
            return taken
        }
    }

    private func wake() {
        let waiter = state.withLock { state in
            state.isWoken = true
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
