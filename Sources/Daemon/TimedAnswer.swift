/// An answer that is waited for, but not for ever.
package enum TimedAnswer {
    /// Calls `ask` with what takes the answer, and waits for it; nil when the time is up, or when nil
    /// is answered.
    package static func wait<Value: Sendable>(
        _ limit: Duration,
        _ ask: (@escaping @Sendable (Value?) -> Void) -> Void
    ) async -> Value? {
        let (answers, continuation) = AsyncStream<Value?>.makeStream(
            bufferingPolicy: .bufferingOldest(1)
        )
        ask { continuation.yield($0) }
        let timer = Task {
            try? await Task.sleep(for: limit)
            continuation.finish()
        }
        defer { timer.cancel() }
        for await answer in answers { return answer }
        return nil
    }
}
