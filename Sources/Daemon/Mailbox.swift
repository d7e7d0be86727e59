import Listing
import Planning
import ServiceModel
import Synchronization

/// What the one task that owns the dataplane is told or asked.
enum DaemonMessage: Sendable {
    case event(SourceEvent)
    /// Addresses came to the node or left it.
    case addressesChanged
    /// The kernel is to be read now; nil is answered by one that is about to end.
    case auditRequest(answer: @Sendable (AuditOutcome?) -> Void)
    /// What becomes of a packet; nil is answered as long as not everything is known.
    case question(PacketQuestion, answer: @Sendable (PacketExplanation?) -> Void)
    /// How the daemon stands; nil is answered by one that is about to end.
    case statusQuestion(answer: @Sendable (NodeStatus?) -> Void)
    /// How much is served; nil is answered by one that is about to end.
    case measurementQuestion(answer: @Sendable (ServingSnapshot?) -> Void)

    /// Whether it may change what is wanted.
    var isChange: Bool {
        switch self {
        case .event, .addressesChanged: true
        case .auditRequest, .question, .statusQuestion, .measurementQuestion: false
        }
    }

    /// Answers a question with nothing.
    func dismiss() {
        switch self {
        case .event, .addressesChanged: break
        case .auditRequest(let answer): answer(nil)
        case .question(_, let answer): answer(nil)
        case .statusQuestion(let answer): answer(nil)
        case .measurementQuestion(let answer): answer(nil)
        }
    }
}

/// Carries messages to the one task that owns the dataplane.
final class Mailbox: Sendable {
    private struct State {
        var messages: [DaemonMessage] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isWoken = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let record: ServingRecord

    /// `record` is told of each message that may change what is wanted, and when it is taken.
    init(record: ServingRecord) { self.record = record }

    /// Adds a message.
    ///
    /// Never waits.
    func post(_ message: DaemonMessage) {
        let (isClosed, waiter) = state.withLock { state in
            if !state.isClosed {
                state.messages.append(message)
                if message.isChange { record.queued(message) }
            }
            return (state.isClosed, state.waiter.take())
        }
        if isClosed { message.dismiss() }
        waiter?.resume()
    }

    /// Takes no more messages; questions that nobody will answer are answered with nothing.
    func close() {
        let left = state.withLock { state in
            state.isClosed = true
            var left: [DaemonMessage] = []
            swap(&left, &state.messages)
            return left
        }
        for message in left { message.dismiss() }
    }

    /// Waits until there is a message, or until the deadline, or until the task is cancelled; then
    /// takes all messages there are.
    func take(until deadline: ContinuousClock.Instant?) async -> [DaemonMessage] {
        let timer = deadline.map { deadline in
            Task {
                try? await Task.sleep(until: deadline, clock: .continuous)
                if !Task.isCancelled { self.wake() }
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let isReady = !state.messages.isEmpty || state.isWoken || Task.isCancelled
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

    /// Takes all messages there are, without waiting.
    func takeAll() -> [DaemonMessage] {
        state.withLock { state in
            state.isWoken = false
            var taken: [DaemonMessage] = []
            swap(&taken, &state.messages)
            // Within the lock: what is posted next waits for another round.
            if !taken.isEmpty { record.taken() }
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
