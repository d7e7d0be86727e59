import KubernetesClient
import SocketTestSupport
import Testing

@Suite struct KubeconfigTests {
    private func load(
        _ text: String,
        context: String? = nil,
        server: String? = nil
    ) throws -> ClusterAccess {
        let directory = try ScratchDirectory()
        let path = try directory.write("config", text)
        return try ClusterAccess.load(kubeconfig: path, context: context, server: server)
    }

    private static let twoContexts = """
        current-context: b
        contexts:
        - {name: a, context: {cluster: a}}
        - {name: b, context: {cluster: b, user: u, namespace: n}}
        clusters:
        - {name: a, cluster: {server: "https://[fd00::1]:6443/"}}
        - {name: b, cluster: {server: "https://b.example/k8s/clusters/c-1", disable-compression: true}}
        users:
        - {name: u, user: {token: 12345}}
        preferences: {}
        """

    @Test func aContextLeadsToItsServerAndNamespace() throws {
        let current = try load(Self.twoContexts)
        #expect(current.server == "https://b.example/k8s/clusters/c-1")
        #expect(current.namespace == "n")
        let chosen = try load(Self.twoContexts, context: "a")
        #expect(chosen.server == "https://[fd00::1]:6443")
        #expect(chosen.namespace == nil)
        let other = try load(Self.twoContexts, server: "http://127.0.0.1:8001")
        #expect(other.server == "http://127.0.0.1:8001")
    }

    @Test func JSONIsReadToo() throws {
        let text = """
            {"current-context":"x","contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}],
             "clusters":[{"name":"x","cluster":{"server":"https://x.example:6443"}}],
             "users":[{"name":"x","user":{"token":"t"}}]}
            """
        #expect(try load(text).server == "https://x.example:6443")
    }

    /// Fields of a cluster and of a user in a kubeconfig that is right otherwise; where the complaint
    /// is, and some of its words.
    private static let refusals: [(cluster: String, user: String, field: String, words: String)] = [
        ("server: api.example:6443", "", "clusters[0].cluster.server", "has no scheme"),
        ("server: ftp://api.example", "", "clusters[0].cluster.server", "has the scheme ftp"),
        ("server: 'https://u:s3cret@api.example'", "", "clusters[0].cluster.server", "user name"),
        ("server: 'https://fd00::1:6443'", "", "clusters[0].cluster.server", "in brackets"),
        ("server: 'https://[nothing]:6443'", "", "clusters[0].cluster.server", "no IPv6 address"),
        ("server: 'https://a.example:99999'", "", "clusters[0].cluster.server", "1 to 65535"),
        ("server: 'https://'", "", "clusters[0].cluster.server", "has no host"),
        ("server: [1]", "", "clusters[0].cluster.server", "is not a text"),
        ("extensions: []", "", "clusters[0].cluster.server", "is missing"),
        (
            "server: https://a, insecure-skip-tls-verify: true, certificate-authority: x", "",
            "clusters[0].cluster.insecure-skip-tls-verify", "beside a certificate-authority"
        ),
        (
            "server: https://a, insecure-skip-tls-verify: 1", "",
            "clusters[0].cluster.insecure-skip-tls-verify", "neither true nor false"
        ),
        (
            "server: https://a, certificate-authority-data: '?'", "",
            "clusters[0].cluster.certificate-authority-data", "is not Base64"
        ),
        (
            "server: https://a, tls-server-name: 10.0.0.1", "",
            "clusters[0].cluster.tls-server-name", "a DNS name"
        ),
        (
            "server: https://a, proxy-url: 'https://p:1'", "",
            "clusters[0].cluster.proxy-url", "has the scheme https, which is not supported"
        ),
        (
            "server: https://a, proxy-url: 'socks5://u:s3cret@p:1'", "",
            "clusters[0].cluster.proxy-url", "for http proxies only"
        ),
        (
            "server: 'https://10.0.0.1', proxy-url: 'http://p:1'", "",
            "clusters[0].cluster.proxy-url", "set tls-server-name"
        ),
        ("", "client-certificate: x", "users[0].user.client-key", "is missing"),
        ("", "client-key: x", "users[0].user.client-certificate", "is missing"),
        (
            "", "client-certificate-data: '?s3cret?'", "users[0].user.client-certificate-data",
            "Base64"
        ),
        ("", "client-key-data: 'czNj?cmV0'", "users[0].user.client-key-data", "Base64"),
        ("", "token: 'two s3cret'", "users[0].user.token", "has a space"),
        ("", "token: s3cret, username: me", "users[0].user.username", "beside a token"),
        ("", "auth-provider: {name: gcp}", "users[0].user.auth-provider", "was removed"),
        ("", "as-groups: [a]", "users[0].user.as", "is missing beside"),
        ("", "as: 'ä'", "users[0].user.as", "ASCII"),
        ("", "as-groups: a", "users[0].user.as-groups", "is not a list"),
        ("", "exec: {command: x}", "users[0].user.exec.apiVersion", "is missing"),
        (
            "", "exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}",
            "users[0].user.exec.apiVersion", "allowed is client.authentication.k8s.io/v1,"
        ),
        (
            "", "exec: {apiVersion: client.authentication.k8s.io/v1}",
            "users[0].user.exec.command", "is missing"
        ),
        (
            "",
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}",
            "users[0].user.exec.interactiveMode", "has no terminal"
        ),
        (
            "",
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, env: [{value: s3cret}]}",
            "users[0].user.exec.env[0].name", "no name"
        ),
        ("", "[]", "users[0].user", "is not a mapping"),
    ]

    @Test(arguments: refusals)
    func aFieldThatIsWrongIsNamed(
        cluster: String,
        user: String,
        field: String,
        words: String
    ) throws {
        let text = """
            current-context: x
            contexts: [{name: x, context: {cluster: x, user: x}}]
            clusters:
            - {name: x, cluster: {\(cluster.isEmpty ? "server: https://a.example" : cluster)}}
            users:
            - {name: x, user: \(user == "[]" ? user : "{\(user)}")}
            """
        #expect {
            try load(text)
        } throws: { error in
            let error = error as? ClusterAccessError
            #expect(
                error?.place.hasSuffix("/config: \(field)") == true,
                "\(String(describing: error))"
            )
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
            #expect(error?.description.contains("s3cret") == false)
            return true
        }
    }

    @Test(
        arguments: [
            ("", nil, "is empty"),
            ("a: [", nil, "is not YAML"),
            ("token: s3cret: s3cret", nil, "in line 1"),
            ("[]", nil, "is not a mapping"),
            ("contexts: []", nil, "current-context: is missing"),
            ("current-context: c", nil, "there is no context \"c\": contexts is empty"),
            (twoContexts, "c", "there is no context \"c\": contexts has a, b"),
            (
                "{current-context: x, contexts: [{name: x, context: {cluster: y}}]}", nil,
                "contexts[0].context.cluster: there is no cluster \"y\""
            ),
            (
                "{current-context: x, contexts: [{name: x, context: {}}]}", nil,
                "contexts[0].context.cluster: is missing"
            ),
        ] as [(String, String?, String)]
    )
    func aFileThatLeadsNowhereIsTold(text: String, context: String?, words: String) throws {
        #expect {
            try load(text, context: context)
        } throws: { error in
            #expect("\(error)".contains(words), "\(error)")
            #expect(!"\(error)".contains("s3cret"))
            return true
        }
    }

    @Test func aFileThatIsNotThereIsTold() {
        #expect {
            try ClusterAccess.load(kubeconfig: "/nonexistent/config", context: nil, server: nil)
        } throws: {
            "\($0)".hasPrefix("/nonexistent/config: cannot be read: No such file or directory")
        }
    }

    /// The content of a file that a user names, and what `APIClient` says to it.
    @Test(
        arguments: [
            ("tokenFile", nil, "/file cannot be read: it is not there"),
            ("tokenFile", "\n", "is empty"),
            ("tokenFile", "s3cret s3cret", "has a space"),
            ("client-certificate", nil, "it is not there"),
            ("client-certificate", "s3cret", "is not a certificate"),
            ("client-key", "s3cret", "is not a private key"),
            ("client-key", "other", "does not belong to the certificate in"),
        ] as [(String, String?, String)]
    )
    func aFileOfAUserThatCannotBeUsedIsTold(field: String, content: String?, words: String) throws {
        let directory = try ScratchDirectory()
        let other = try Fixture.text("client-two.key")
        if let content { try directory.write("file", content == "other" ? other : content) }
        let user =
            switch field {
            case "tokenFile": ["tokenFile: file"]
            case "client-key":
                ["client-certificate: \(Fixture.path("client-one.pem"))", "client-key: file"]
            default: ["client-certificate: file", "client-key: \(Fixture.path("client-one.key"))"]
            }
        let cluster = try TestCluster(
            server: "https://127.0.0.1:1",
            user: user,
            directory: directory
        )
        #expect {
            try APIClient(cluster.access(), logger: cluster.log.logger)
        } throws: { error in
            #expect(error is ClusterAccessError)
            #expect("\(error)".contains(words), "\(error)")
            #expect(!"\(error)".contains("s3cret"))
            return true
        }
    }

    @Test func nothingSecretIsShown() throws {
        let access = try load(
            """
            current-context: x
            contexts: [{name: x, context: {cluster: x, user: x}}]
            clusters: [{name: x, cluster: {server: "https://a.example", proxy-url: "http://u:s3cret@p:1"}}]
            users:
            - name: x
              user:
                token: s3cret
                client-certificate-data: czNjcmV0
                client-key-data: czNjcmV0
            """
        )
        var dumped = ""
        dump(access, to: &dumped)
        for text in ["\(access)", String(reflecting: access), dumped] {
            #expect(!text.contains("s3cret"), "\(text)")
        }
        #expect(!dumped.contains("- 115\n"), "a byte of a key")
    }
}
