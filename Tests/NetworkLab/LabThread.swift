import Glibc
import Synchronization

/// Work on a thread of its own, until it is told to stop.
final class LabThread: Sendable {
    /// Whether the work is to end.
    final class StopFlag: Sendable {
        fileprivate let isSet = Atomic(false)

        var isRaised: Bool { isSet.load(ordering: .relaxed) }
    }

    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    private let flag: StopFlag
    private let thread: Mutex<pthread_t?>

    /// Begins.
    ///
    /// - Throws: `LabError` when no thread can be had; `body` is not called then.
    init(_ body: @escaping (StopFlag) -> Void) throws {
        let flag = StopFlag()
        let work = Work { body(flag) }
        var started = pthread_t()
        let argument = unsafe Unmanaged.passRetained(work).toOpaque()
        let result = unsafe pthread_create(
            &started,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            },
            argument
        )
        guard result == 0 else {
            unsafe Unmanaged<Work>.fromOpaque(argument).release()
            throw LabError("start a thread", result)
        }
        self.flag = flag
        thread = Mutex(started)
    }

    /// Raises the flag, and waits for the end.
    func stop() {
        flag.isSet.store(true, ordering: .relaxed)
        if let thread = thread.withLock({ $0.take() }) { pthread_join(thread, nil) }
    }
}
