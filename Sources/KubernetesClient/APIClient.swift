import FoundationEssentials
package import Logging

/// Sends requests to the API server of a cluster.
///
/// Certificates, keys and tokens in files are read again for each request, and the credentials of a
/// plugin are asked for again when they have expired. A request that is refused with 401 is sent once
/// more when there are other credentials by then.
package final class APIClient: Sendable {
    private let sessions: Sessions

    /// Reads what the access names, and connects nowhere.
    ///
    /// - Throws: `ClusterAccessError` for files that cannot be read or understood.
    package init(
        _ access: ClusterAccess,
        limits: APILimits = APILimits(),
        logger: Logger
    ) throws(ClusterAccessError) {
        sessions = try Sessions(access, limits: limits, logger: logger)
        let variables = ["HTTPS_PROXY", "https_proxy"]
        if access.proxy == nil,
            let variable = variables.first(where: {
                ProcessInfo.processInfo.environment[$0]?.isEmpty == false
            })
        {
            logger.warning(
                """
                The environment has \(variable), which does not count here; if \(access.server) can \
                only be reached by a proxy, name it as proxy-url in a kubeconfig
                """
            )
        }
        if access.usesTLS, access.trust.isInsecure {
            logger.warning(
                """
                The certificate of \(access.server) is not verified, as insecure-skip-tls-verify \
                says: whoever is on the way can read and change everything; \
                certificate-authority would be right
                """
            )
        }
    }

    /// Sends a request; answers when the head of the answer has come.
    ///
    /// The body is still coming. Any status is an answer, and redirects are not followed. When the task is cancelled the
    /// connection is closed, and the error has the reason `cutOff`.
    package func send(_ request: APIRequest) async throws(APIError) -> APIResponse {
        let session = try await sessions.current()
        let response = try await session.transport.execute(
            request,
            authorization: session.authorization?.value
        )
        guard response.status == 401, let other = try await sessions.renewed(after: session) else {
            return response
        }
        return try await other.transport.execute(
            request,
            authorization: other.authorization?.value
        )
    }

    /// Closes all connections; requests that go on fail, and so do later ones.
    package func shutdown() async {
        await sessions.shutdown()
    }
}
