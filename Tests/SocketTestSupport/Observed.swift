import Synchronization

/// A value that changes anywhere, and that a test waits for.
package final class Observed<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    package init(_ value: Value) {
        mutex = Mutex(value)
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package var value: Value { mutex.withLock { $0 } }

    package func change(_ body: (inout Value) -> Void) {
        mutex.withLock { body(&$0) }
        signal.yield()
    }

    /// Waits until `condition` holds, and answers the value that it held for.
    ///
    /// Only one task may wait at a time.
    ///
    /// - Throws: `CancellationError` when the time limit of the test comes first.
    @discardableResult
    package func wait(until condition: (Value) -> Bool) async throws -> Value {
        if let value = value(where: condition) { return value }
        for await _ in signals {
            if let value = value(where: condition) { return value }
        }
        throw CancellationError()
    }

    /// Looked at where it is: a copy of it would make the next change copy all of it.
    private func value(where condition: (Value) -> Bool) -> Value? {
        mutex.withLock { condition($0) ? $0 : nil }
    }
}
