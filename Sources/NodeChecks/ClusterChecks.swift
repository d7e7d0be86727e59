/// What was seen of the cluster's API server.
package struct ClusterObservation: Hashable, Sendable {
    /// Why it cannot be asked at all, as a sentence; nil when it can.
    package var problem: String?
    /// Such as `v1.36.2`; nil where it does not say it.
    package var version: String?
    /// The resources that this node may read.
    package var readable: [String]
    /// Why it may not read others, in sentences, by resource.
    package var refusals: [String: String]

    package init(
        problem: String? = nil,
        version: String? = nil,
        readable: [String] = [],
        refusals: [String: String] = [:]
    ) {
        self.problem = problem
        self.version = version
        self.readable = readable
        self.refusals = refusals
    }
}

/// Whether the cluster tells what it wants.
enum ClusterChecks {
    static func findings(_ observation: NodeObservation) -> [Finding] {
        guard let cluster = observation.cluster else { return [] }
        if let problem = cluster.problem {
            return [
                .failure(
                    .server,
                    "API server",
                    problem,
                    remedy: "Until it can be asked nothing new is programmed; what is programmed "
                        + "goes on serving."
                )
            ]
        }
        var findings = [
            Finding.ok(
                .server,
                "API server",
                cluster.version.map { "answers, with Kubernetes \($0)" } ?? "answers"
            )
        ]
        if !cluster.readable.isEmpty {
            let names = cluster.readable.joined(separator: ", ")
            findings.append(.ok(.reading, "objects", "may be listed: \(names)"))
        }
        findings += cluster.refusals.sorted { $0.key < $1.key }.map { resource, words in
            .failure(
                .reading,
                resource,
                words,
                remedy: "Nothing is programmed before Services, endpoints and this node's Node can "
                    + "be read."
            )
        }
        return findings
    }
}
