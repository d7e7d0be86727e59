import Dispatch

/// Runs the task that owns the dataplane on a queue of its own: netlink blocks, and must not hold up
/// the threads that everything else shares.
final class DataplaneExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "fairlead.dataplane")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
