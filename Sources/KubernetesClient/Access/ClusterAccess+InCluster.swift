import FoundationEssentials

extension ClusterAccess {
    /// The access of the service account of the pod that this process runs in.
    ///
    /// - Parameter server: the URL of the API server instead of the one that the environment names.
    package static func inCluster(server: String?) throws(ClusterAccessError) -> ClusterAccess {
        try inCluster(
            server: server,
            directory: "/var/run/secrets/kubernetes.io/serviceaccount",
            environment: ProcessInfo.processInfo.environment
        )
    }

    /// - Parameter directory: where `token`, `ca.crt` and `namespace` are.
    package static func inCluster(
        server: String?,
        directory: String,
        environment: [String: String]
    ) throws(ClusterAccessError) -> ClusterAccess {
        let token = Material(source: .file("\(directory)/token"), place: directory)
        let authority = Material(source: .file("\(directory)/ca.crt"), place: directory)
        for material in [token, authority] {
            do throws(ClusterAccessError) {
                _ = try material.bytes()
            } catch {
                throw ClusterAccessError(
                    place: error.place,
                    "\(error.message). It comes with a pod's service account (not with "
                        + "automountServiceAccountToken: false); outside a pod name a "
                        + "kubeconfig, with --kubeconfig or as kubernetes.kubeconfig (kube-proxy's "
                        + "clientConnection.kubeconfig), or a directory of manifests"
                )
            }
        }
        let namespace = try? Material.read("\(directory)/namespace")
        let address =
            if let server {
                try address(server, at: "kubernetes.server")
            } else {
                try address(of: environment)
            }
        return ClusterAccess(
            address: address,
            trust: ServerTrust(authority: authority, authorityField: "\(directory)/ca.crt"),
            identity: ClientIdentity(authorization: .tokenFile(token)),
            proxy: nil,
            namespace: namespace.map { String(decoding: $0, as: UTF8.self).trimmed }
        )
    }

    private static func address(
        of environment: [String: String]
    ) throws(ClusterAccessError) -> WebAddress {
        let names = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"]
        let values = names.compactMap { environment[$0] }.filter { !$0.isEmpty }
        guard values.count == 2 else {
            throw ClusterAccessError(
                place: "the environment",
                "\(names.joined(separator: " and ")) are not both set, as they are in a pod; "
                    + "set kubernetes.server, or kubernetes.kubeconfig outside a pod"
            )
        }
        let host = values[0].contains(":") ? "[\(values[0])]" : values[0]
        return try address(
            "https://\(host):\(values[1])",
            at: names.joined(separator: " and ")
        )
    }
}

extension String {
    /// Without white space and line ends around it.
    var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(
            start.prefix(
                upTo: start.lastIndex { !$0.isWhitespace }.map(start.index(after:))
                    ?? start.startIndex
            )
        )
    }
}
