/// How the daemon of a node stands, for programs.
///
/// Its field names stay as they are; new ones may come.
package struct NodeStatus: Encodable, Sendable {
    /// The last time that something was written.
    package struct Apply: Encodable, Sendable {
        package let secondsAgo: Int64
        package let milliseconds: Double
        package let steps: Int

        package init(secondsAgo: Int64, milliseconds: Double, steps: Int) {
            self.secondsAgo = secondsAgo
            self.milliseconds = milliseconds
            self.steps = steps
        }
    }

    /// A step that fails, and is tried again.
    package struct Failure: Encodable, Sendable {
        /// The Service port; absent where it is about the node.
        package let object: String?
        package let message: String

        package init(object: String?, message: String) {
            self.object = object
            self.message = message
        }
    }

    /// A collection of the cluster's API that is followed.
    package struct Watch: Encodable, Sendable {
        /// Such as `services`.
        package let resource: String
        /// `watching` when all is well.
        package let state: String
        /// The objects that are known.
        package let objects: Int
        /// Absent before anything came.
        package let secondsSinceContact: Double?
        /// What is wrong; absent where all is well.
        package let problem: String?

        package init(
            resource: String,
            state: String,
            objects: Int,
            secondsSinceContact: Double?,
            problem: String?
        ) {
            self.resource = resource
            self.state = state
            self.objects = objects
            self.secondsSinceContact = secondsSinceContact
            self.problem = problem
        }
    }

    /// Ports of this process that cannot be opened.
    package struct FailingPorts: Encodable, Sendable {
        /// `health`, `metrics`, `health-check` or `loopback-node-port`.
        package let purpose: String
        package let count: Int

        package init(purpose: String, count: Int) {
            self.purpose = purpose
            self.count = count
        }
    }

    package let node: String
    /// `ipvs` or `iptables`: what new connections come to.
    package var mode = ""
    /// The mode of the configuration.
    package var configuredMode = ""
    package var reason = ""
    /// Something better was asked for.
    package var isFallback = false
    /// The mode that is being programmed; absent when that is the one that serves.
    package var preparing: String?
    /// Absent before everything has been programmed.
    package var servingForSeconds: Int64?
    /// Everything that exists has been programmed at least once.
    package var isComplete = false
    package var services = 0
    package var frontends = 0
    package var virtualServers = 0
    package var realServers = 0
    /// Real servers that take no new connections.
    package var draining = 0
    package var lastApply: Apply?
    package var lastAuditSecondsAgo: Int64?
    /// Steps that audits had to repair since the daemon was started.
    package var repairedSteps = 0
    /// Objects that are to be tried again.
    package var pendingRetries = 0
    package var failures: [Failure] = []
    /// What is wrong with objects of the cluster.
    package var problems: [String] = []

    /// Empty where no cluster is followed.
    package var watches: [Watch] = []

    package var failingPorts: [FailingPorts] = []
    /// What else is not as it should be, in sentences.
    package var remarks: [String] = []

    package init(node: String) { self.node = node }
}
