import FoundationEssentials
import NIOSSL

extension Transport {
    static func isOfTLS(_ error: any Error) -> Bool {
        if case NIOSSLError.uncleanShutdown = error { return false }
        return error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError
    }

    /// What is wrong between the two sides, and what a person can do.
    ///
    /// The library says that verifying failed, and not why. So the server is asked for its
    /// certificate once more, over a connection that nothing is sent on.
    func errorOfTLS(_ error: any Error) async -> APIError {
        let certificate = await ServerCertificate.shown(to: self)
        return APIError(.tls, "\(server) cannot be trusted: \(reason(error, certificate))")
    }

    private func reason(_ error: any Error, _ certificate: ServerCertificate?) -> String {
        let words = Self.words(forTLS: error)
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            let name = access.trust.serverName ?? access.address.host
            let names = certificate.map { $0.names.joined(separator: ", ") } ?? "other names"
            return "its certificate is not for \(name) but for \(names.isEmpty ? "no name" : names); "
                + "use one of them in the URL, or set tls-server-name to one"
        }
        guard words.contains("CERTIFICATE_VERIFY_FAILED"), let certificate else {
            if words.contains("WRONG_VERSION_NUMBER") {
                return "it does not speak TLS (\(words)); is the port right, or is it http?"
            }
            return "\(words); check the certificates of both sides and the clock of this node, "
                + "which shows \(Self.text(.now))"
        }
        let now = Date.now
        if certificate.end < now {
            return "its certificate ended \(Self.text(certificate.end)), and the clock of this node "
                + "shows \(Self.text(now)); renew the server's certificate, or set the clock"
        }
        if certificate.start > now {
            return "its certificate is not valid before \(Self.text(certificate.start)), and the "
                + "clock of this node shows \(Self.text(now)); set the clock, or wait"
        }
        let authority =
            access.trust.authority.map { "the authority in \($0)" }
            ?? "any authority that this machine trusts"
        return "its certificate (valid \(Self.text(certificate.start)) to "
            + "\(Self.text(certificate.end))) is not signed by \(authority) (\(words)); "
            + "\(access.trust.authorityField) must hold the authority of this cluster"
    }

    static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    private static func words(forTLS error: any Error) -> String {
        var texts: [String] = []
        for part in "\(error)".split(whereSeparator: { ":[](),".contains($0) }) {
            // BoringSSL writes its reasons so, among codes, names of functions and files.
            let isReason =
                part.contains("_")
                && part.unicodeScalars.allSatisfy { $0.properties.isUppercase || "_0123456789".unicodeScalars.contains($0) }
            if isReason, !texts.contains(String(part)) { texts.append(String(part)) }
        }
        return texts.isEmpty ? "\(error)" : texts.joined(separator: ", ")
    }
}
