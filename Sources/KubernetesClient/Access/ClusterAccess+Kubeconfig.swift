import SystemPackage

extension ClusterAccess {
    /// Reads a kubeconfig file; certificates and tokens in other files are read by `APIClient`.
    ///
    /// - Parameters:
    ///   - context: nil for the file's `current-context`.
    ///   - server: the URL of the API server instead of the one in the file.
    package static func load(
        kubeconfig path: String,
        context: String?,
        server: String?
    ) throws(ClusterAccessError) -> ClusterAccess {
        let text: String
        do throws(Errno) {
            text = String(decoding: try Material.read(path), as: UTF8.self)
        } catch {
            throw ClusterAccessError(
                place: path,
                "cannot be read: \(error); a kubeconfig file would be right"
            )
        }
        return try read(kubeconfig: text, path: path, context: context, server: server)
    }

    /// Reads the text of a kubeconfig file, as `load` does; `path` is only for the messages.
    package static func read(
        kubeconfig text: String,
        path: String,
        context: String?,
        server: String?
    ) throws(ClusterAccessError) -> ClusterAccess {
        let root = try KubeconfigField(parsing: text, file: path)
        guard root.node != nil else {
            throw ClusterAccessError(place: path, "is empty; a kubeconfig file would be right")
        }
        return try Kubeconfig(root: root).access(context: context, server: server)
    }
}

/// Follows a context of a kubeconfig to its cluster and its user.
struct Kubeconfig {
    let root: KubeconfigField

    func access(
        context: String?,
        server: String?
    ) throws(ClusterAccessError) -> ClusterAccess {
        let context = try chosenContext(context)
        let cluster = try named(
            "cluster",
            in: "clusters",
            by: context.field("cluster")
        )
        let address =
            if let server {
                try ClusterAccess.address(server, at: "kubernetes.server")
            } else {
                try address(in: cluster.field("server"))
            }
        let trust = try trust(in: cluster)
        return ClusterAccess(
            address: address,
            trust: trust,
            identity: try identity(
                of: context,
                for: ExecPlugin.Cluster(cluster, server: "\(address)", trust: trust)
            ),
            proxy: try proxy(in: cluster, to: address, trust: trust),
            namespace: try context.field("namespace").text
        )
    }

    private func chosenContext(
        _ chosen: String?
    ) throws(ClusterAccessError) -> KubeconfigField {
        if let chosen {
            return try item(named: chosen, "context", in: "contexts", place: root)
        }
        return try named("context", in: "contexts", by: root.field("current-context"))
    }

    /// The item of a list that a field names.
    private func named(
        _ kind: String,
        in list: String,
        by reference: KubeconfigField
    ) throws(ClusterAccessError) -> KubeconfigField {
        guard let name = try reference.text else {
            throw reference.error("is missing; the name of an item of \(list) would be right")
        }
        return try item(named: name, kind, in: list, place: reference)
    }

    /// What an item of a list holds, found by its name.
    func item(
        named name: String,
        _ kind: String,
        in list: String,
        place: KubeconfigField
    ) throws(ClusterAccessError) -> KubeconfigField {
        var names: [String] = []
        for item in try root.field(list).items {
            guard let other = try item.field("name").text else { continue }
            if other == name { return try item.field(kind) }
            names.append(other)
        }
        let known =
            names.isEmpty ? "\(list) is empty" : "\(list) has \(names.joined(separator: ", "))"
        throw place.error("there is no \(kind) \"\(name)\": \(known)")
    }

    private func address(in field: KubeconfigField) throws(ClusterAccessError) -> WebAddress {
        guard let text = try field.text else {
            throw field.error("is missing; a URL such as https://10.0.0.1:6443 would be right")
        }
        return try ClusterAccess.address(text, at: field.place)
    }

    private func trust(
        in cluster: KubeconfigField
    ) throws(ClusterAccessError) -> ClusterAccess.ServerTrust {
        var trust = ClusterAccess.ServerTrust()
        trust.authority = try material("certificate-authority", of: cluster)
        trust.authorityField = try cluster.field("certificate-authority").place
        let insecure = try cluster.field("insecure-skip-tls-verify")
        trust.isInsecure = try insecure.flag
        guard !trust.isInsecure || trust.authority == nil else {
            throw insecure.error(
                "is true beside a certificate-authority, which nothing would be verified with; "
                    + "one of the two would be right"
            )
        }
        let name = try cluster.field("tls-server-name")
        trust.serverName = try name.text
        if let text = trust.serverName,
            (try? WebAddress("https://\(text)"))?.isIPAddress ?? true
        {
            throw name.error(
                "is \"\(text)\"; a DNS name of the server's certificate would be right"
            )
        }
        return trust
    }

    private func proxy(
        in cluster: KubeconfigField,
        to address: WebAddress,
        trust: ClusterAccess.ServerTrust
    ) throws(ClusterAccessError) -> WebAddress? {
        let field = try cluster.field("proxy-url")
        guard let text = try field.text else { return nil }
        let right = "http://proxy.example:3128 or socks5://proxy.example:1080 would be right"
        let proxy: WebAddress
        do throws(WebAddress.Problem) {
            proxy = try WebAddress(text)
        } catch {
            throw field.error("\(error.words); \(right)")
        }
        guard ["http", "socks5"].contains(proxy.scheme) else {
            throw field.error("has the scheme \(proxy.scheme), which is not supported; \(right)")
        }
        guard proxy.scheme == "http" || proxy.login == nil else {
            throw field.error("has a user name, which is supported for http proxies only; \(right)")
        }
        // The address of a connection is the proxy's, and the certificate would be held against it.
        guard
            address.scheme == "http" || trust.isInsecure || trust.serverName != nil
                || !address.isIPAddress
        else {
            throw field.error(
                "leads to a server that is given by its address, \(address.host), which cannot be "
                    + "verified through a proxy; set tls-server-name to a name that its "
                    + "certificate has, such as kubernetes"
            )
        }
        return proxy
    }

    /// What is given as the name of a file, or in place with `-data` behind the field's name.
    func material(
        _ name: String,
        of mapping: KubeconfigField
    ) throws(ClusterAccessError) -> Material? {
        let inline = try mapping.field("\(name)-data")
        if let bytes = try inline.data {
            return Material(source: .inline(Secret(bytes)), place: inline.place)
        }
        let field = try mapping.field(name)
        guard let path = try field.text else { return nil }
        return Material(source: .file(absolute(path)), place: field.place)
    }

    /// Paths count from the directory of the kubeconfig.
    func absolute(_ path: String) -> String {
        FilePath(root.file).removingLastComponent().pushing(FilePath(path)).string
    }
}
