import KubernetesClient
import Settings

extension FuzzTarget {
    static let configurations = [
        FuzzTarget(
            "configuration",
            seeds: FixtureFiles.contents("settings/defaults.yaml"),
            inputs: 150,
            read: readConfiguration
        ),
        FuzzTarget(
            "kube-proxy-configuration",
            seeds: FixtureFiles.contents(
                "kube-proxy/everything.yaml",
                "kube-proxy/kubeadm-ipvs.yaml",
                "kube-proxy/kubespray.yaml"
            ),
            inputs: 150,
            read: readConfiguration
        ),
        FuzzTarget("kube-proxy-flags", seeds: [flags], inputs: 60) { input throws(BrokenPromise) in
            do throws(ConfigurationErrors) {
                let words = text(input).split(separator: "\n").map(String.init)
                _ = try KubeProxyCommandLine(words).configuration(file: nil)
            } catch {
                try check(error)
            }
        },
        FuzzTarget("kubeconfig", seeds: [Array(kubeconfig.utf8)], inputs: 2000) {
            input throws(BrokenPromise) in
            do throws(ClusterAccessError) {
                _ = try ClusterAccess.read(
                    kubeconfig: text(input),
                    path: "kubeconfig",
                    context: nil,
                    server: nil
                )
            } catch {
                try requireWords("\(error)")
            }
        },
    ]

    /// What is read must be printed so that it reads as the same.
    private static let readConfiguration: @Sendable ([UInt8]) throws(BrokenPromise) -> Void = {
        input throws(BrokenPromise) in
        let configuration: FairleadConfiguration
        do throws(ConfigurationErrors) {
            configuration = try LoadedConfiguration(yaml: text(input), fileName: "f.yaml")
                .configuration
        } catch {
            return try check(error)
        }
        let written = configuration.commentedYAML()
        let again = try? FairleadConfiguration.load(yaml: written, fileName: "written.yaml")
        try require(
            again == configuration,
            "a configuration that was read is another one when it is written: \(written)"
        )
    }

    private static func check(_ errors: ConfigurationErrors) throws(BrokenPromise) {
        try require(!errors.problems.isEmpty, "a configuration is refused without a reason")
        for problem in errors.problems { try requireWords(problem.message) }
    }

    private static let flags = Array(
        """
        --config=/var/lib/kube-proxy/config.conf
        --proxy-mode=ipvs
        --cluster-cidr=10.244.0.0/16,fd00::/64
        --ipvs-scheduler
        wrr
        --masquerade-all
        --nodeport-addresses=primary
        --conntrack-tcp-timeout-established=24h
        --healthz-bind-address=0.0.0.0:10256
        -v2
        """.utf8
    )

    private static let kubeconfig = """
        apiVersion: v1
        kind: Config
        current-context: here
        contexts:
        - {name: here, context: {cluster: c, user: u, namespace: kube-system}}
        clusters:
        - name: c
          cluster:
            server: https://[fd00::1]:6443/path
            certificate-authority-data: LS0tLS1CRUdJTg==
            tls-server-name: kubernetes
            proxy-url: http://user:secret@127.0.0.1:3128
        users:
        - name: u
          user:
            token: abc
            exec:
              apiVersion: client.authentication.k8s.io/v1
              command: plugin
              args: [token]
              env: [{name: A, value: b}]
              interactiveMode: Never
        """
}
