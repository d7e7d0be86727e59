import KubernetesClient
import SocketTestSupport

/// A kubeconfig in a directory of its own, and clients that use it.
struct TestCluster {
    let directory: ScratchDirectory
    let log = RecordedLog()
    let kubeconfig: String

    /// - Parameters:
    ///   - cluster: more lines of the cluster, such as `proxy-url: http://127.0.0.1:1`.
    ///   - user: the lines of the user.
    init(
        server: String,
        cluster: [String] = [],
        user: [String] = [],
        directory: ScratchDirectory? = nil
    ) throws {
        self.directory = try directory ?? ScratchDirectory()
        let clusterLines = ["server: \(server)"] + cluster
        let text = """
            apiVersion: v1
            kind: Config
            current-context: here
            contexts:
            - name: here
              context: {cluster: one, user: me, namespace: tests}
            clusters:
            - name: one
              cluster:
            \(clusterLines.map { "    \($0)" }.joined(separator: "\n"))
            users:
            - name: me
              user:
            \(user.isEmpty ? "    {}" : user.map { "    \($0)" }.joined(separator: "\n"))
            """
        kubeconfig = try self.directory.write("config", text)
    }

    /// With TLS, and the authority of the fixtures.
    static func trusting(
        _ server: ScriptedServer,
        host: String = "127.0.0.1",
        authority: String = "authority",
        cluster: [String] = [],
        user: [String] = [],
        directory: ScratchDirectory? = nil
    ) throws -> TestCluster {
        try TestCluster(
            server: "https://\(host):\(server.port)",
            cluster: ["certificate-authority: \(Fixture.path("\(authority).pem"))"] + cluster,
            user: user,
            directory: directory
        )
    }

    func access() throws(ClusterAccessError) -> ClusterAccess {
        try ClusterAccess.load(kubeconfig: kubeconfig, context: nil, server: nil)
    }

    /// Calls `body` with a client, which ends afterwards.
    func withClient<Result>(
        limits: APILimits = APILimits(),
        _ body: (APIClient) async throws -> Result
    ) async throws -> Result {
        let client = try APIClient(access(), limits: limits, logger: log.logger)
        do {
            let result = try await body(client)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// What a request fails with.
    func failure(limits: APILimits = APILimits()) async throws -> APIError? {
        try await withClient(limits: limits) { client in
            do throws(APIError) {
                _ = try await client.get()
                return nil
            } catch {
                return error
            }
        }
    }
}

extension APIClient {
    /// The status and the whole body.
    @discardableResult
    func get(_ path: String = "/api") async throws(APIError) -> (status: Int, body: String) {
        let response = try await send(APIRequest(path: path))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        return (response.status, String(decoding: bytes, as: UTF8.self))
    }
}
