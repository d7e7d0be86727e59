import KubernetesClient
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ExecPluginTests {
    private let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
    }

    private static let version = "client.authentication.k8s.io/v1"

    /// A shell script that prints an `ExecCredential`.
    private static func printing(_ status: String, version: String = version) -> String {
        """
        cat <<END
        {"apiVersion": "\(version)", "kind": "ExecCredential", "status": \(status)}
        END
        """
    }

    /// A cluster whose plugin notes its runs in the file `runs`.
    private func cluster(
        port: Int,
        script: String,
        exec: String = "",
        version: String = version
    ) throws -> TestCluster {
        try directory.write(
            "plugin",
            "#!/bin/sh\necho run >> '\(directory.path)/runs'\n\(script)\n",
            isProgram: true
        )
        return try TestCluster(
            server: "http://127.0.0.1:\(port)",
            user: ["exec: {apiVersion: \(version), command: ./plugin\(exec)}"],
            directory: directory
        )
    }

    @Test(arguments: ["v1", "v1beta1"]) func thePluginIsRunOnceForManyRequests(
        version: String
    ) async throws {
        let server = try await ScriptedServer.start { _ in .answer() }
        let version = "client.authentication.k8s.io/\(version)"
        let script = """
            printf '%s' "$KUBERNETES_EXEC_INFO" > '\(directory.path)/info'
            printf '%s' "$1,$2,$EXTRA" > '\(directory.path)/words'
            \(Self.printing(#"{"token": "t-1", "expirationTimestamp": "2120-01-01T00:00:00Z"}"#, version: version))
            """
        let cluster = try cluster(
            port: server.port,
            script: script,
            exec: """
                , args: [get, "a b"], env: [{name: EXTRA, value: more}], provideClusterInfo: true, \
                interactiveMode: IfAvailable
                """,
            version: version
        )
        try await cluster.withClient { client in
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 { group.addTask { _ = try await client.get() } }
                try await group.waitForAll()
            }
            try await client.get()
        }
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer t-1" })
        #expect(server.requests.count == 5)
        #expect(directory.lines("runs") == ["run"])
        #expect(directory.lines("words") == ["get,a b,more"])
        let information = try #require(directory.lines("info").first)
        #expect(information.contains(#""kind":"ExecCredential""#))
        #expect(information.contains(#""interactive":false"#))
        #expect(information.contains(#"127.0.0.1:\#(server.port)"#))
        try await server.stop()
    }

    @Test func thePluginIsRunAgainWhenItsCredentialsHaveExpired() async throws {
        let server = try await ScriptedServer.start { _ in .answer() }
        let cluster = try cluster(
            port: server.port,
            script: Self.printing(
                #"{"token": "t-$(wc -l < '\#(directory.path)/runs')", "expirationTimestamp": "2021-01-01T00:00:00+02:00"}"#
            )
        )
        try await cluster.withClient { client in
            try await client.get()
            try await client.get()
        }
        #expect(
            server.requests.map { $0.headers["authorization"] } == ["Bearer t-1", "Bearer t-2"]
        )
        try await server.stop()
    }

    @Test func thePluginIsRunAgainWhenItsCredentialsAreRefused() async throws {
        let server = try await ScriptedServer.start { request in
            request.headers["authorization"] == "Bearer t-1"
                ? .answer(status: "401 Unauthorized") : .answer()
        }
        let cluster = try cluster(
            port: server.port,
            script: Self.printing(#"{"token": "t-$(wc -l < '\#(directory.path)/runs')"}"#)
        )
        try await cluster.withClient { client in
            let status = try await client.get().status
            #expect(status == 200)
        }
        #expect(
            server.requests.map { $0.headers["authorization"] } == ["Bearer t-1", "Bearer t-2"]
        )
        try await server.stop()
    }

    /// A plugin that prints a certificate first, and another one when it is run again.
    private func certificateCluster(
        _ server: ScriptedServer,
        first: String,
        then second: String
    ) throws -> TestCluster {
        func status(_ name: String) throws -> String {
            let certificate = try Fixture.text("\(name).pem").split(separator: "\n")
            let key = try Fixture.text("\(name).key").split(separator: "\n")
            return """
                {"clientCertificateData": "\(certificate.joined(separator: #"\\n"#))", \
                "clientKeyData": "\(key.joined(separator: #"\\n"#))"}
                """
        }
        try directory.write(
            "plugin",
            """
            #!/bin/sh
            echo run >> '\(directory.path)/runs'
            if test "$(wc -l < '\(directory.path)/runs')" = 1
            then
            \(Self.printing(status(first)))
            else
            \(Self.printing(status(second)))
            fi
            """,
            isProgram: true
        )
        return try TestCluster.trusting(
            server,
            user: ["exec: {apiVersion: \(Self.version), command: ./plugin}"],
            directory: directory
        )
    }

    @Test func aPluginMayPrintAClientCertificate() async throws {
        let server = try await ScriptedServer.start(
            tls: Fixture.serverContext(clients: true)
        ) { _ in .answer() }
        let cluster = try certificateCluster(server, first: "client-one", then: "client-two")
        try await cluster.withClient { client in
            try await client.get()
            try await client.get()
        }
        let certificate = try Fixture.certificate("client-one")
        #expect(server.requests.map(\.clientCertificate) == [certificate, certificate])
        try await server.stop()
    }

    @Test func thePluginIsRunAgainWhenItsCertificateHasExpired() async throws {
        let server = try await ScriptedServer.start(
            tls: Fixture.serverContext(clients: true)
        ) { _ in .answer() }
        let cluster = try certificateCluster(server, first: "client-expired", then: "client-two")
        try await cluster.withClient { client in
            await #expect {
                try await client.get()
            } throws: {
                "\($0)".contains("in the output of")
                    && "\($0)".contains("ended 2021-01-01T00:00:00Z")
            }
            try await client.get()
        }
        let certificate = try Fixture.certificate("client-two")
        #expect(server.requests.map(\.clientCertificate) == [certificate])
        try await server.stop()
    }

    @Test(
        arguments: [
            (
                "echo 'log in first' >&2; echo 'then retry' >&2; exit 3",
                "said: log in first / then retry; get it from us"
            ),
            ("echo hello", "something else than an ExecCredential in JSON"),
            ("true", "something else than an ExecCredential in JSON"),
            (printing("{}"), "neither a token nor a client certificate"),
            (printing(#"{"token": "s3cret", "expirationTimestamp": "soon"}"#), "no RFC 3339 time"),
            (printing(#"{"token": "s3cret x"}"#), "a token with a space"),
            (printing(#"{"clientKeyData": "s3cret"}"#), "only one of"),
            (
                printing(#"{"token": "s3cret"}"#, version: "client.authentication.k8s.io/v1beta1"),
                "says client.authentication.k8s.io/v1"
            ),
            ("head -c 3000000 /dev/zero", "more than 1 MiB"),
            ("kill -9 $$", "it ended with"),
            ("sleep 60 & sleep 60", "did not end within 1.0 seconds"),
        ]
    )
    func aPluginThatFailsIsTold(script: String, words: String) async throws {
        var limits = APILimits()
        if script.contains("sleep") { limits.pluginTime = .seconds(1) }
        let error = try await cluster(
            port: 1,
            script: script,
            exec: ", installHint: get it from us"
        ).failure(limits: limits)
        #expect(error?.reason == .credentials)
        let message = error?.message ?? ""
        #expect(message.contains(words), "\(message)")
        #expect(message.contains("/plugin ("))
        #expect(message.contains("users[0].user.exec"))
        #expect(!message.contains("s3cret"))
    }

    @Test func aPluginWithMuchToSayIsReadToItsEnd() async throws {
        let server = try await ScriptedServer.start { _ in .answer() }
        let cluster = try cluster(
            port: server.port,
            script: "head -c 3000000 /dev/zero >&2\n" + Self.printing(#"{"token": "t"}"#)
        )
        try await cluster.withClient { client in _ = try await client.get() }
        #expect(server.requests.count == 1)
        try await server.stop()
    }

    @Test func aProgramThatIsMissingComesWithItsHint() async throws {
        let error = try await TestCluster(
            server: "http://127.0.0.1:1",
            user: [
                "exec: {apiVersion: \(Self.version), command: no-such-plugin, installHint: get it}"
            ]
        ).failure()
        #expect(error?.reason == .credentials)
        #expect(error?.message.hasSuffix("it may not be executed; get it") == true)
    }

    @Test func cancellingEndsThePlugin() async throws {
        let cluster = try cluster(port: 1, script: "exec sleep 60")
        let task = Task { try await cluster.failure() }
        while directory.lines("runs").isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        let error = try await task.value
        #expect(error?.reason == .cutOff)
    }
}
