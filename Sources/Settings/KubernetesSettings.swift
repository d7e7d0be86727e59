/// How the API of the cluster is reached; it counts when there is no directory of manifests.
package struct KubernetesSettings: Hashable, Sendable {
    /// Empty where the daemon runs in a pod, and uses what the pod is given.
    package var kubeconfig = ""
    /// A context of the kubeconfig; empty for its current one.
    package var context = ""
    /// The URL of the API server, instead of what the kubeconfig or the pod says; empty for that.
    package var server = ""

    package init() {}
}

extension KubernetesSettings: ConfigurationSection {
    static var fields: [Field<KubernetesSettings>] {
        [
            .value(
                "kubeconfig",
                \.kubeconfig,
                .optionalPath,
                """
                The kubeconfig file to reach the API server with. Empty: the service account of \
                the pod that the daemon runs in.
                """
            ),
            .value(
                "context",
                \.context,
                .kubernetesWord,
                "The context of the kubeconfig. Empty: its current one."
            ),
            .value(
                "server",
                \.server,
                .kubernetesWord,
                """
                The URL of the API server, instead of what the kubeconfig or the pod says. Empty: \
                what they say.
                """
            ),
        ]
    }
}

extension ValueForm where Value == String {
    /// A text without line ends.
    static let kubernetesWord = Self.text("one line of text", allowed: "one line of text") { text in
        text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}
