import Addressing
import Glibc
import NetworkLab

/// A real API server on the loopback of a node, and `kubectl`.
final class RealCluster {
    let directory: String
    private let node: NetworkNamespace
    private var isRunning = false

    /// Starts it; `directory` keeps its state.
    init(in node: NetworkNamespace, directory: String) throws {
        self.node = node
        self.directory = directory
        try start()
    }

    deinit { if isRunning { try? stop() } }

    var kubeconfig: String { directory + "/kubeconfig" }

    /// Ends the server and its store; what is stored stays.
    func stop() throws {
        isRunning = false
        try perform("Scripts/api-server", ["stop", directory])
    }

    /// Starts with what is stored, on the usual port or on another one.
    func start(port: Int = 16443) throws {
        try perform(
            "env",
            ["KEEP=1", "PORT=\(port)", "Scripts/api-server", "start", directory]
        )
        isRunning = true
    }

    @discardableResult
    func kubectl(_ arguments: [String], input: String = "") throws -> String {
        try perform("kubectl", ["--kubeconfig", kubeconfig] + arguments, input: input)
    }

    func apply(_ manifest: String) throws {
        // The server is older than this client may be: its description of itself is not looked at.
        try kubectl(["apply", "--validate=false", "-f", "-"], input: manifest)
    }

    /// Writes a kubeconfig whose user has the token in a file.
    func writeKubeconfig(_ path: String, tokenFile: String) throws {
        try Command.run(
            "sh",
            ["-c", "cat >\"$1\"", "sh", path],
            input: """
                apiVersion: v1
                kind: Config
                clusters:
                - name: test
                  cluster:
                    server: https://127.0.0.1:16443
                    certificate-authority: \(directory)/certs/apiserver.crt
                users: [{name: node, user: {tokenFile: \(tokenFile)}}]
                contexts: [{name: test, context: {cluster: test, user: node}}]
                current-context: test

                """
        )
    }

    /// Makes a service account of the name, with nothing that an earlier one of the name had, and
    /// writes a token of it.
    func writeToken(of account: String, _ path: String) throws {
        try kubectl(["delete", "serviceaccount", account, "--ignore-not-found"])
        try kubectl(["create", "serviceaccount", account])
        let answer = try kubectl(
            [
                "create", "--raw", "/api/v1/namespaces/default/serviceaccounts/\(account)/token",
                "-f", "-",
            ],
            input: """
                {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
                 "spec": {"expirationSeconds": 600}}
                """
        )
        guard let start = answer.firstRange(of: "\"token\":\"")?.upperBound else {
            throw LabError("no token in \(answer)")
        }
        let token = answer[start...].prefix { $0 != "\"" }
        try Command.run(
            "sh",
            ["-c", "cat >\"$1.new\" && mv \"$1.new\" \"$1\"", "sh", path],
            input: String(token)
        )
    }

    @discardableResult
    private func perform(
        _ program: String,
        _ arguments: [String],
        input: String = ""
    ) throws -> String {
        try node.perform { try Command.run(program, arguments, input: input) }
    }
}
