import LinuxDataplane
import Reconciliation
import ServiceModel

extension Reconciler where Device == LinuxDataplane {
    /// Programs all that there is, and fails where a step does.
    mutating func program(_ changes: [ClusterChange]) throws {
        take(.changes(changes))
        take(.initialSetComplete(isWhole: true))
        let report = reconcile(now: .seconds(1))
        if let failure = report.failures.first { throw failure.error }
    }
}
