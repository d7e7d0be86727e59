/// How a node stands.
package struct NodeReport: Hashable, Sendable {
    package let node: String
    /// The release of its kernel.
    package let kernel: String
    /// In the order of their groups.
    package let findings: [Finding]

    /// Judges what was seen on a node by what its daemon is to do.
    package init(of observation: NodeObservation, for intent: ServingIntent) {
        node = observation.node
        kernel = observation.modules.release
        findings =
            KernelChecks.findings(observation, intent)
            + IPVSChecks.findings(observation, intent)
            + FilterChecks.findings(observation, intent)
            + RightsChecks.findings(observation, intent)
            + ParameterChecks.findings(observation, intent)
            + NetworkChecks.findings(observation)
            + TableChecks.findings(observation)
            + OtherProxyChecks.findings(observation)
            + ClusterChecks.findings(observation)
            + OwnChecks.findings(observation)
    }

    /// The worst of all.
    package var verdict: Verdict { findings.map(\.verdict).max() ?? .ok }
}
