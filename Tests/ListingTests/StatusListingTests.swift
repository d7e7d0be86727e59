import Listing
import Testing

/// How a daemon says how it stands.
struct StatusListingTests {
    private static func status() -> NodeStatus {
        var status = NodeStatus(node: "node-a")
        status.mode = "ipvs"
        status.configuredMode = "auto"
        status.reason = "as this kernel has it"
        return status
    }

    @Test func onADaemonThatHasJustBegunNothingIsServedYet() {
        #expect(
            StatusListing.text(of: Self.status()) == """
                Node:            node-a
                Dataplane:       ipvs (mode: auto), as this kernel has it
                Serving:         not everything yet
                Services:        0 (no frontends)
                Virtual servers: 0 with no real servers
                Failing:         no objects
                Problems:        no objects

                """
        )
    }

    @Test func aFallbackSaysItsReasonAndWhatFailsComesLast() {
        var status = Self.status()
        status.mode = "iptables"
        status.isFallback = true
        status.reason = "this kernel has no IPVS"
        status.preparing = "ipvs"
        status.isComplete = true
        status.servingForSeconds = 3725
        status.services = 7
        status.frontends = 12
        status.virtualServers = 11
        status.realServers = 27
        status.draining = 1
        status.lastApply = NodeStatus.Apply(secondsAgo: 185, milliseconds: 27.28, steps: 126)
        status.lastAuditSecondsAgo = 42
        status.repairedSteps = 1
        status.pendingRetries = 1
        status.failures = [
            NodeStatus.Failure(object: "default/web:http", message: "no such route"),
            NodeStatus.Failure(object: nil, message: "the lock is held"),
        ]
        status.problems = ["Service default/web: spec.ports: wrong"]
        #expect(
            StatusListing.text(of: status) == """
                Node:            node-a
                Dataplane:       iptables (mode: auto), as IPVS cannot be used: this kernel has no IPVS
                Preparing:       ipvs
                Serving:         everything, for 1 h 2 min
                Services:        7 (12 frontends)
                Virtual servers: 11 with 27 real servers, 1 draining
                Last change:     3 min 5 s ago: 126 steps in 27.28 ms
                Last audit:      42 s ago; repaired 1 step so far
                Failing:         1 object
                  default/web:http: no such route
                  the lock is held
                Problems:        1 object
                  Service default/web: spec.ports: wrong

                """
        )
    }

    @Test func whatIsFollowedOfAClusterIsSaidAndOneCauseOnce() {
        var status = Self.status()
        status.watches = ["services", "endpointslices", "nodes"].map {
            NodeStatus.Watch(
                resource: $0,
                state: $0 == "nodes" ? "watching" : "waiting",
                objects: 3,
                secondsSinceContact: 5.25,
                problem: $0 == "nodes" ? nil : "the API server cannot be reached"
            )
        }
        status.failingPorts = [
            NodeStatus.FailingPorts(purpose: "health", count: 1),
            NodeStatus.FailingPorts(purpose: "health-check", count: 2),
        ]
        status.remarks = ["fairlead.yaml is wrong now"]
        let lines = StatusListing.text(of: status).split(separator: "\n")
        #expect(lines.contains("Note:            fairlead.yaml is wrong now"))
        let place = lines.firstIndex { $0.hasPrefix("Cluster:") } ?? 0
        #expect(
            lines[place...].prefix(3) == [
                "Cluster:         services waiting (3), endpointslices waiting (3), nodes watching (3)",
                "  the API server cannot be reached",
                "Ports:           cannot be opened: 1 for health, 2 for health-check",
            ]
        )
    }
}
