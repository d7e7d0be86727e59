import FoundationEssentials
import NIOSSL

/// The bytes of certificates and keys that connections are made with.
struct TLSMaterial: Equatable, Sendable {
    /// PEM; nil for the authorities that the machine trusts.
    var authority: [UInt8]?
    var client: ClientPair?

    /// A client certificate with its key, and where they come from.
    struct ClientPair: Equatable, Sendable {
        let certificate: [UInt8]
        let key: Secret<[UInt8]>
        let certificatePlace: String
        let keyPlace: String
    }

    /// Reads files anew.
    init(
        _ access: ClusterAccess,
        plugin: (ExecPlugin, ExecCredential)?
    ) throws(ClusterAccessError) {
        guard access.usesTLS else { return }
        authority = try access.trust.authority?.bytes()
        let identity = access.identity
        if let (plugin, credential) = plugin, let certificate = credential.certificate,
            let key = credential.key
        {
            client = ClientPair(
                certificate: certificate,
                key: Secret(key),
                certificatePlace: "the output of \(plugin.command) (\(plugin.place))",
                keyPlace: "the output of \(plugin.command) (\(plugin.place))"
            )
        } else if let certificate = identity.certificate, let key = identity.key {
            client = ClientPair(
                certificate: try certificate.bytes(),
                key: Secret(try key.bytes()),
                certificatePlace: "\(certificate)",
                keyPlace: "\(key)"
            )
        }
    }

    /// When the client certificate ends.
    var clientCertificateEnd: Date? {
        client.flatMap { try? NIOSSLCertificate.fromPEMBytes($0.certificate).first }
            .map { Date(timeIntervalSince1970: Double($0.notValidAfter)) }
    }

    /// - Throws: what is no certificate or key, or a key that does not belong to the certificate.
    func configuration(for access: ClusterAccess) throws(ClusterAccessError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if access.trust.isInsecure { configuration.certificateVerification = .none }
        if let authority {
            configuration.trustRoots = .certificates(
                try Self.certificates(
                    authority,
                    at: access.trust.authority.map { "\($0)" } ?? access.trust.authorityField
                )
            )
        }
        guard let client else { return configuration }
        configuration.certificateChain = try Self.certificates(
            client.certificate,
            at: client.certificatePlace
        ).map { .certificate($0) }
        do {
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: client.key.value, format: .pem)
            )
        } catch {
            throw ClusterAccessError(
                place: client.keyPlace,
                "is not a private key that can be read; one in PEM without a passphrase would be "
                    + "right"
            )
        }
        do {
            // What does not fit together would otherwise come out with the first connection.
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw ClusterAccessError(
                place: client.keyPlace,
                "does not belong to the certificate in \(client.certificatePlace), or cannot be "
                    + "used: \(error); the two must be a pair"
            )
        }
        return configuration
    }

    private static func certificates(
        _ bytes: [UInt8],
        at place: String
    ) throws(ClusterAccessError) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            throw ClusterAccessError(
                place: place,
                "is not a certificate; one or more in PEM (-----BEGIN CERTIFICATE-----) would be "
                    + "right"
            )
        }
    }
}
