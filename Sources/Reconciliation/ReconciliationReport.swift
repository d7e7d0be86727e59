package import Addressing
package import DataplaneModel
package import Planning
package import ServiceModel

/// What one round of reconciliation did, for the log.
package struct ReconciliationReport: Sendable {
    /// A failed step, with the Service port it was for where there is one.
    package struct Failure: Sendable {
        package let subject: RetrySubject
        package let owner: String?
        package let error: DataplaneError
        /// How long until the next attempt.
        package let retryIn: Duration

        package init(
            subject: RetrySubject,
            owner: String?,
            error: DataplaneError,
            retryIn: Duration
        ) {
            self.subject = subject
            self.owner = owner
            self.error = error
            self.retryIn = retryIn
        }
    }

    /// Steps that were done.
    package var applied = 0
    package var failures: [Failure] = []
    /// Objects that failed before and are in order now.
    package var recovered: [RetrySubject] = []
    package var newProblems: [ObjectProblem] = []
    package var solvedProblems: [ObjectProblem] = []
    /// Steps that an audit had to plan: what something else changed in the kernel.
    package var drift: Int { driftByFamily.values.reduce(0, +) }
    /// The same by family; nil for steps that are for both.
    package var driftByFamily: [AddressFamily?: Int] = [:]
    /// What the steps are about, in the order in which they were planned.
    package var drifted = DriftedObjects()
    /// Why an audit could not be done this time.
    package var auditError: DataplaneError?
    /// Real servers that have left.
    package var departed: [Departures.Ended] = []
    /// Flows of UDP that went on with whoever is not there any more.
    package var endedFlows = 0
    /// Why such flows could not be ended.
    package var flowError: DataplaneError?
    /// Health checks or node ports are others than before.
    package var hasNewListeners = false
    /// Everything that exists has been programmed at least once.
    package var isInitialSync = false

    package init() {}

    package var isEmpty: Bool {
        applied == 0 && failures.isEmpty && recovered.isEmpty && newProblems.isEmpty
            && solvedProblems.isEmpty && departed.isEmpty && endedFlows == 0
            && flowError == nil && drift == 0 && auditError == nil
            && !isInitialSync
            && !hasNewListeners
    }
}
