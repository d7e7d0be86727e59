extension Kubeconfig {
    /// Who the user of a context is.
    func identity(
        of context: KubeconfigField,
        for cluster: ExecPlugin.Cluster
    ) throws(ClusterAccessError) -> ClientIdentity {
        let reference = try context.field("user")
        // A context without a user is anonymous.
        guard let name = try reference.text else { return ClientIdentity() }
        let user = try item(named: name, "user", in: "users", place: reference)
        var identity = ClientIdentity()
        identity.certificate = try material("client-certificate", of: user)
        identity.key = try material("client-key", of: user)
        if identity.certificate != nil, identity.key == nil {
            throw try user.field("client-key").error(
                "is missing beside client-certificate; client-key or client-key-data would be right"
            )
        }
        if identity.key != nil, identity.certificate == nil {
            throw try user.field("client-certificate").error(
                "is missing beside client-key; client-certificate or client-certificate-data "
                    + "would be right"
            )
        }
        identity.authorization = try authorization(of: user, for: cluster)
        identity.impersonation = try impersonation(of: user)
        return identity
    }

    private func authorization(
        of user: KubeconfigField,
        for cluster: ExecPlugin.Cluster
    ) throws(ClusterAccessError) -> ClientIdentity.Authorization {
        let provider = try user.field("auth-provider")
        guard provider.node == nil else {
            throw provider.error(
                "was removed from Kubernetes 1.26; an exec plugin, a token or a client certificate "
                    + "would be right"
            )
        }
        let tokenFile = try user.field("tokenFile")
        let token = try user.field("token")
        let login = try user.field("username")
        let hasToken = token.node != nil || tokenFile.node != nil
        guard !hasToken || login.node == nil else {
            throw login.error("is given beside a token; one of the two would be right")
        }
        if let path = try tokenFile.text {
            return .tokenFile(Material(source: .file(absolute(path)), place: tokenFile.place))
        }
        if let text = try token.text {
            guard text.isHeaderValue else {
                throw token.error("has a space or a control character in it, which no token has")
            }
            return .token(Secret(text))
        }
        if let name = try login.text {
            return .login(name: name, password: Secret(try user.field("password").text ?? ""))
        }
        let exec = try user.field("exec")
        guard exec.node != nil else { return .none }
        return .plugin(try ExecPlugin(exec, cluster: cluster, kubeconfig: self))
    }

    private func impersonation(
        of user: KubeconfigField
    ) throws(ClusterAccessError) -> ClientIdentity.Impersonation {
        var impersonation = ClientIdentity.Impersonation()
        let name = try user.field("as")
        impersonation.user = try headerValue(name)
        impersonation.uid = try headerValue(user.field("as-uid"))
        for group in try user.field("as-groups").items {
            if let text = try headerValue(group) { impersonation.groups.append(text) }
        }
        for (key, values) in try user.field("as-user-extra").entries {
            var texts: [String] = []
            for value in try values.items {
                if let text = try headerValue(value) { texts.append(text) }
            }
            impersonation.extra.append(.init(key: key, values: texts))
        }
        if impersonation.user == nil, impersonation != ClientIdentity.Impersonation() {
            throw name.error(
                "is missing beside as-uid, as-groups or as-user-extra; a user name would be right"
            )
        }
        return impersonation
    }

    private func headerValue(_ field: KubeconfigField) throws(ClusterAccessError) -> String? {
        guard let text = try field.text else { return nil }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value < 0x7f }) else {
            throw field.error("has a character that cannot be in a header; ASCII would be right")
        }
        return text
    }
}

extension String {
    /// Whether a header can carry it, as a token: not empty, printable ASCII without spaces.
    var isHeaderValue: Bool {
        !isEmpty && utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }
}
