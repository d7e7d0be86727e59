import KubernetesClient
import KubernetesWatch
import Manifests

extension APIClient {
    /// The whole answer to a request, of at most `limit` bytes, whatever its status.
    func answer(
        to request: APIRequest,
        upTo limit: Int
    ) async throws(APIError) -> (status: Int, body: [UInt8]) {
        let response = try await send(request)
        return (response.status, try await response.body.collect(upTo: limit))
    }
}

extension APIStatus {
    /// What an answer with another status than 200 means, with the server's own words if it has any.
    init(code: Int, body: [UInt8], retryAfter: Duration? = nil) {
        let said = KubernetesObject.decodeStatus(json: body)
        self.init(
            code: code,
            reason: said?.reason ?? "",
            message: said?.message ?? "",
            retryAfter: retryAfter ?? said?.retryAfterSeconds.map { .seconds($0) }
        )
    }
}
