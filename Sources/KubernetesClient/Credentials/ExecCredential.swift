import FoundationEssentials
import NIOSSL

/// What a credential plugin printed.
struct ExecCredential: Equatable, Sendable {
    let token: String?
    /// PEM.
    let certificate: [UInt8]?
    let key: [UInt8]?
    /// The end of the credentials or of the certificate, whichever comes first.
    ///
    /// nil when they hold until the server refuses them.
    let expiry: Date?

    struct Problem: Error {
        let words: String
    }

    private struct Printed: Decodable {
        let apiVersion: String?
        let kind: String?
        let status: Status?

        struct Status: Decodable {
            let token: String?
            let clientCertificateData: String?
            let clientKeyData: String?
            let expirationTimestamp: String?
        }
    }

    init(parsing output: [UInt8], apiVersion: String) throws(Problem) {
        let printed: Printed
        do {
            printed = try JSONDecoder().decode(Printed.self, from: Data(output))
        } catch {
            throw Problem(words: "it printed something else than an ExecCredential in JSON")
        }
        guard printed.kind == "ExecCredential" else {
            throw Problem(words: "it printed kind \(printed.kind ?? "(none)"), not ExecCredential")
        }
        guard printed.apiVersion == apiVersion else {
            throw Problem(
                words:
                    "it printed apiVersion \(printed.apiVersion ?? "(none)"), but the kubeconfig "
                    + "says \(apiVersion)"
            )
        }
        let status = printed.status
        token = status?.token.flatMap { $0.isEmpty ? nil : $0 }
        certificate = status?.clientCertificateData.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        key = status?.clientKeyData.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        guard (certificate == nil) == (key == nil) else {
            throw Problem(
                words: "it printed only one of clientCertificateData and clientKeyData"
            )
        }
        guard token != nil || certificate != nil else {
            throw Problem(words: "it printed neither a token nor a client certificate in status")
        }
        guard token?.isHeaderValue ?? true else {
            throw Problem(words: "it printed a token with a space or a control character in it")
        }
        var ends: [Date] = []
        if let text = status?.expirationTimestamp, !text.isEmpty {
            guard let date = try? Date(text, strategy: .iso8601) else {
                throw Problem(words: "it printed an expirationTimestamp that is no RFC 3339 time")
            }
            ends.append(date)
        }
        if let certificate,
            let leaf = try? NIOSSLCertificate.fromPEMBytes(certificate).first
        {
            ends.append(Date(timeIntervalSince1970: Double(leaf.notValidAfter)))
        }
        expiry = ends.min()
    }
}
