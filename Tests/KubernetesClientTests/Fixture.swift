import FoundationEssentials
import NIOSSL
import Testing

/// Certificates below `Tests/Fixtures/tls`, where `make` says how they were made.
enum Fixture {
    static func path(_ name: String) -> String {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return "/\(tests)/Fixtures/tls/\(name)"
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try #require(FileManager.default.contents(atPath: path(name)), "no \(name)"))
    }

    static func text(_ name: String) throws -> String {
        String(decoding: try bytes(name), as: UTF8.self)
    }

    static func base64(_ name: String) throws -> String {
        Data(try bytes(name)).base64EncodedString()
    }

    static func certificate(_ name: String) throws -> NIOSSLCertificate {
        try NIOSSLCertificate(bytes: bytes("\(name).pem"), format: .pem)
    }

    /// - Parameter clients: whether clients must show a certificate.
    static func serverContext(
        _ name: String = "server",
        clients: Bool = false
    ) throws -> NIOSSLContext {
        let chain = NIOSSLCertificateSource.certificate(try certificate(name))
        let key = try NIOSSLPrivateKey(bytes: bytes("\(name).key"), format: .pem)
        let authority = NIOSSLTrustRoots.certificates([try certificate("authority")])
        return try NIOSSLContext(
            configuration: clients
                ? .makeServerConfigurationWithMTLS(
                    certificateChain: [chain],
                    privateKey: .privateKey(key),
                    trustRoots: authority
                )
                : .makeServerConfiguration(
                    certificateChain: [chain],
                    privateKey: .privateKey(key)
                )
        )
    }
}
