import FoundationEssentials

/// A program that prints credentials, as `users[].user.exec` of a kubeconfig names it.
///
/// `client.authentication.k8s.io`, v1 and v1beta1.
struct ExecPlugin: Sendable {
    let apiVersion: String
    /// A path, or a name that is looked up in `PATH`.
    let command: String
    let arguments: Secret<[String]>
    /// Added to the environment of this process.
    let environment: Secret<[String: String]>
    /// What a person can do when the program is missing.
    let installHint: String?
    /// The value of `KUBERNETES_EXEC_INFO`.
    let information: Secret<String>
    /// The file and the field.
    let place: String

    static let versions = [
        "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1",
    ]

    /// What a plugin with `provideClusterInfo` is told about the cluster.
    struct Cluster: Encodable {
        let server: String
        let serverName: String?
        let isInsecure: Bool?
        let authority: Data?
        let proxy: String?

        private enum CodingKeys: String, CodingKey {
            case server
            case serverName = "tls-server-name"
            case isInsecure = "insecure-skip-tls-verify"
            case authority = "certificate-authority-data"
            case proxy = "proxy-url"
        }

        init(
            _ cluster: KubeconfigField,
            server: String,
            trust: ClusterAccess.ServerTrust
        ) throws(ClusterAccessError) {
            self.server = server
            serverName = trust.serverName
            isInsecure = trust.isInsecure ? true : nil
            // A file that cannot be read is reported by whoever needs it.
            authority = (try? trust.authority?.bytes()).map { Data($0) }
            proxy = try cluster.field("proxy-url").text
        }
    }

    private struct Information: Encodable {
        let apiVersion: String
        let kind = "ExecCredential"
        let spec: Specification

        struct Specification: Encodable {
            let interactive = false
            let cluster: Cluster?
        }
    }

    init(
        _ exec: KubeconfigField,
        cluster: Cluster,
        kubeconfig: Kubeconfig
    ) throws(ClusterAccessError) {
        place = exec.place
        let version = try exec.field("apiVersion")
        guard let apiVersion = try version.choice(Self.versions) else {
            throw version.error("is missing; \(Self.versions[0]) would be right")
        }
        self.apiVersion = apiVersion
        let command = try exec.field("command")
        guard let text = try command.text else {
            throw command.error("is missing; the name or the path of a program would be right")
        }
        self.command = text.contains("/") ? kubeconfig.absolute(text) : text
        var arguments: [String] = []
        for argument in try exec.field("args").items { arguments.append(try argument.text ?? "") }
        self.arguments = Secret(arguments)
        var environment: [String: String] = [:]
        for variable in try exec.field("env").items {
            let name = try variable.field("name")
            guard let key = try name.text, !key.contains("=") else {
                throw name.error("is no name of an environment variable")
            }
            environment[key] = try variable.field("value").text ?? ""
        }
        self.environment = Secret(environment)
        let mode = try exec.field("interactiveMode")
        if try mode.choice(["Never", "IfAvailable", "Always"]) == "Always" {
            throw mode.error("is Always, but a daemon has no terminal; Never would be right")
        }
        installHint = try exec.field("installHint").text
        let information = Information(
            apiVersion: apiVersion,
            spec: .init(cluster: try exec.field("provideClusterInfo").flag ? cluster : nil)
        )
        do {
            self.information = Secret(
                String(decoding: try JSONEncoder().encode(information), as: UTF8.self)
            )
        } catch {
            throw exec.error("what the plugin is told cannot be written as JSON: \(error)")
        }
    }
}
