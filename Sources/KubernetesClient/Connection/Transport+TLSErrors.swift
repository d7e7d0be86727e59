import FoundationEssentials
import NIOSSL

extension Transport {
    static func isOfTLS(_ error: any Error) -> Bool {
        if case NIOSSLError.uncleanShutdown = error { return false }
        return error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError
            || error is OtherName
    }

    /// What is wrong between the two sides, and what a person can do.
    ///
    /// The library says that verifying failed, and not why. So the server is asked for its
    /// certificate once more, over a connection that nothing is sent on.
    func errorOfTLS(_ error: any Error) async -> APIError {
        let words = Self.words(forTLS: error)
        if words.contains("_ALERT_") {
            return APIError(
                .tls,
                "\(server) does not accept this client: \(words); check client-certificate and "
                    + "client-key in the kubeconfig"
            )
        }
        let certificate =
            if let error = error as? OtherName {
                error.certificate
            } else {
                await ServerCertificate.shown(to: self)
            }
        return APIError(.tls, "\(server) cannot be trusted: \(reason(error, certificate))")
    }

    private func reason(_ error: any Error, _ certificate: ServerCertificate?) -> String {
        let words = Self.words(forTLS: error)
        let isOfName = (error as? NIOSSLExtraError) == .failedToValidateHostname
        if isOfName || error is OtherName {
            let name = access.trust.serverName ?? access.address.host
            return "its certificate is not for \(name) but for \(Self.names(of: certificate)); "
                + "use one of them in the URL, or set tls-server-name to one"
        }
        guard words.contains("CERTIFICATE_VERIFY_FAILED") else {
            if words.contains("WRONG_VERSION_NUMBER") {
                return "it does not speak TLS (\(words)); is the port right, or is it http?"
            }
            return "\(words); check the certificates of both sides and the clock of this node, "
                + "which shows \(Self.text(.now))"
        }
        return Self.reasonOfDates(certificate) ?? reasonOfAuthority(certificate, words)
    }

    /// The first of them: there may be hundreds.
    private static func names(of certificate: ServerCertificate?) -> String {
        guard let names = certificate?.names else { return "other names" }
        guard !names.isEmpty else { return "no name" }
        return names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and others" : "")
    }

    private static func reasonOfDates(_ certificate: ServerCertificate?) -> String? {
        let now = Date.now
        guard let certificate, !certificate.isValid(at: now) else {
            return nil
        }
        let clock = "the clock of this node shows \(text(now))"
        return certificate.end < now
            ? "its certificate ended \(text(certificate.end)), and \(clock); renew the server's "
                + "certificate, or set the clock"
            : "its certificate is not valid before \(text(certificate.start)), and \(clock); set "
                + "the clock, or wait"
    }

    private func reasonOfAuthority(_ certificate: ServerCertificate?, _ words: String) -> String {
        let authority =
            access.trust.authority.map { "the authority in \($0)" }
            ?? "any authority that this machine trusts"
        let dates = certificate.map {
            " (valid \(Self.text($0.start)) to \(Self.text($0.end)))"
        }
        return "its certificate\(dates ?? "") is not signed by \(authority) (\(words)); "
            + "\(access.trust.authorityField) must hold the authority of this cluster"
    }

    static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    private static func words(forTLS error: any Error) -> String {
        var texts: [String] = []
        for part in "\(error)".split(whereSeparator: { ":[](), ".contains($0) }) {
            // BoringSSL writes its reasons so, among codes, names of functions and files.
            let isReason =
                part.contains("_")
                && part.unicodeScalars.allSatisfy {
                    $0.properties.isUppercase || "_0123456789".unicodeScalars.contains($0)
                }
            if isReason, !texts.contains(String(part)) { texts.append(String(part)) }
        }
        return texts.isEmpty ? "\(error)" : texts.joined(separator: ", ")
    }
}
