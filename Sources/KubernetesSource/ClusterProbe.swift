package import KubernetesClient
import KubernetesWatch
import Manifests

/// Looks once whether an API server lets a node read what it needs.
package enum ClusterProbe {
    /// What was found.
    package struct Outcome: Hashable, Sendable {
        /// `gitVersion`, such as `v1.36.2`; nil where the server does not say it.
        package let version: String?
        /// The resources that can be listed.
        package let readable: [String]
        /// Why the others cannot, in sentences, by resource.
        package let refusals: [String: String]
    }

    private static let limit = 8 << 20

    /// Asks for the version, and for one object of each collection.
    ///
    /// - Throws: `APIError` when the server cannot be asked at all.
    package static func look(
        with client: APIClient,
        nodeName: String
    ) async throws(APIError) -> Outcome {
        let version = try await get("/version", client)
        let group = try await get("/apis/discovery.k8s.io", client)
        let versions =
            group.status == 200
            ? (try? ServerDescription.groupVersions(json: group.body)) ?? []
            : group.status == 404 ? [] : ["v1"]
        let endpoints = ServedVersions(discoveryVersions: versions, minorVersion: nil).endpoints
        var readable: [String] = []
        var refusals: [String: String] = [:]
        for resource in [.services, endpoints, .node(nodeName)] {
            let answer = try await get(
                resource.path,
                client,
                [APIRequest.Parameter("limit", "1")]
                    + (resource.fieldSelector.isEmpty
                        ? [] : [APIRequest.Parameter("fieldSelector", resource.fieldSelector)])
            )
            if answer.status == 200 {
                readable.append(resource.name)
            } else {
                refusals[resource.name] = resource.refusal(
                    APIStatus(code: answer.status, body: answer.body)
                )
            }
        }
        return Outcome(
            version: version.status == 200
                ? ServerDescription.version(json: version.body) : nil,
            readable: readable,
            refusals: refusals
        )
    }

    private static func get(
        _ path: String,
        _ client: APIClient,
        _ query: [APIRequest.Parameter] = []
    ) async throws(APIError) -> (status: Int, body: [UInt8]) {
        try await client.answer(to: APIRequest(path: path, query: query), upTo: limit)
    }
}
