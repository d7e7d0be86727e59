/// How to reach a cluster: what a kubeconfig says, or what a pod is given.
///
/// A value that can be logged: descriptions show nothing secret. Files that it names are read by
/// `APIClient`, again and again, as they are rotated.
package struct ClusterAccess: Sendable, CustomStringConvertible {
    /// `http` or `https`.
    let address: WebAddress
    let trust: ServerTrust
    let identity: ClientIdentity
    /// `http` or `socks5`.
    let proxy: WebAddress?
    /// The namespace that the context or the pod names.
    package let namespace: String?

    /// How the server proves who it is.
    struct ServerTrust: Sendable {
        /// The certificates of authorities; nil for those that the machine trusts.
        var authority: Material?
        /// Nothing is verified.
        var isInsecure = false
        /// The DNS name that the certificate is for, where that is not the host of the server.
        var serverName: String?
        /// The field that would name an authority, for messages.
        var authorityField = "certificate-authority"
    }

    /// The URL of the API server.
    package var server: String { address.description }

    package var description: String { server }

    var usesTLS: Bool { address.scheme == "https" }

    /// The DNS name that the server's certificate must have; nil where it is an address that counts,
    /// or nothing.
    var verifiedName: String? {
        guard usesTLS, !trust.isInsecure else { return nil }
        return trust.serverName ?? (address.isIPAddress ? nil : address.host)
    }

    /// Reads and checks the URL of a server.
    static func address(_ text: String, at place: String) throws(ClusterAccessError) -> WebAddress {
        do throws(WebAddress.Problem) {
            let address = try WebAddress(text)
            guard ["http", "https"].contains(address.scheme) else {
                throw WebAddress.Problem(words: "has the scheme \(address.scheme)")
            }
            guard address.login == nil else {
                throw WebAddress.Problem(words: "has a user name in it")
            }
            return address
        } catch {
            let shown = text.contains("@") ? "the URL" : "\"\(text)\""
            throw ClusterAccessError(
                place: place,
                "\(shown) \(error.words); a URL such as https://10.0.0.1:6443 or "
                    + "https://[fd00::1]:6443 would be right"
            )
        }
    }
}

/// How a client proves who it is.
struct ClientIdentity: Sendable {
    var certificate: Material?
    var key: Material?
    var authorization = Authorization.none
    var impersonation = Impersonation()

    enum Authorization: Sendable {
        case none
        case token(Secret<String>)
        case tokenFile(Material)
        case login(name: String, password: Secret<String>)
        case plugin(ExecPlugin)
    }

    /// Whom the client asks to be taken for.
    struct Impersonation: Hashable, Sendable {
        var user: String?
        var uid: String?
        var groups: [String] = []
        var extra: [Extra] = []

        struct Extra: Hashable, Sendable {
            let key: String
            let values: [String]
        }
    }
}
