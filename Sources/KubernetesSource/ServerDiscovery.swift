import KubernetesClient
import KubernetesWatch
import Manifests

/// Finds out what the API server has.
struct ServerDiscovery {
    let client: APIClient
    let account: WatchAccount
    let part: InitialSetGate.Part
    let sleep: @Sendable (Duration) async -> Void

    private static let limit = 1 << 20

    /// Asks until there is an answer; nil when the task is cancelled.
    func discover() async -> ServedVersions? {
        var wait = RetryWait(seed: .random(in: .min ... .max))
        while !Task.isCancelled {
            do throws(APIError) {
                if let found = try await ask() {
                    account.contact(part)
                    account.recovered(part)
                    return found
                }
                await sleep(wait.next())
            } catch {
                // Whoever ends this process need not hear what was cut off by it.
                guard !Task.isCancelled else { return nil }
                problem(error.message, error.reason.rawValue)
                await sleep(wait.next(isReachable: false))
            }
        }
        return nil
    }

    private func ask() async throws(APIError) -> ServedVersions? {
        let group = try await get("/apis/discovery.k8s.io")
        var versions: [String] = []
        switch group.status {
        case 200:
            do throws(UnreadableDocument) {
                versions = try ServerDescription.groupVersions(json: group.body)
            } catch {
                problem("the API server's answer at /apis cannot be read: \(error)")
                return nil
            }
        case 404:
            break
        case 401:
            problem(
                "the API server does not know who asks (401); the token or certificate of this "
                    + "daemon is wrong or has expired",
                "401"
            )
            return nil
        case 403:
            // Whoever may not ask tries what all servers since 1.21 have.
            return ServedVersions(discoveryVersions: ["v1"], minorVersion: nil)
        default:
            let words = KubernetesObject.decodeStatus(json: group.body)?.message ?? ""
            problem(
                "the API server does not say which APIs it has (\(group.status)): "
                    + words.prefix(200)
            )
            return nil
        }
        // Whoever may not ask for the version gets along without.
        let version = try await get("/version")
        let minor = version.status == 200 ? ServerDescription.minorVersion(json: version.body) : nil
        return ServedVersions(
            discoveryVersions: versions,
            minorVersion: minor.flatMap { ServedVersions.number(ofMinor: $0) }
        )
    }

    private func problem(_ message: String, _ subject: String = "discovery") {
        account.problem(FollowStep.Problem(subject: subject, message: message), part)
    }

    private func get(_ path: String) async throws(APIError) -> (status: Int, body: [UInt8]) {
        try await client.answer(to: APIRequest(path: path), upTo: Self.limit)
    }
}
