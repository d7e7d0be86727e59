import FoundationEssentials
import Logging

/// What one request goes with.
struct Session: Sendable {
    let transport: Transport
    /// The header's value.
    let authorization: Secret<String>?
    /// What a plugin printed, where one is used.
    let credential: ExecCredential?

    func isSame(as other: Session) -> Bool {
        transport === other.transport && authorization == other.authorization
    }
}

/// Keeps certificates and credentials current.
///
/// Files are read for each request, as others rotate them. While they cannot be read or do not fit
/// together, which happens in the middle of a rotation, what they held before is used.
actor Sessions {
    private let access: ClusterAccess
    private let limits: APILimits
    private let logger: Logger
    private var transport: Transport
    private var formerTransports: [Former] = []
    private var authorization: Secret<String>?
    private var credential: ExecCredential?
    private var pluginRun: Task<Result<ExecCredential, APIError>, Never>?
    /// What was last wrong with files: it is logged once.
    private var complaints: [ClusterAccessError] = []

    private struct Former {
        weak var transport: Transport?
    }

    /// - Throws: files that cannot be read or understood.
    init(
        _ access: ClusterAccess,
        limits: APILimits,
        logger: Logger
    ) throws(ClusterAccessError) {
        self.access = access
        self.limits = limits
        self.logger = logger
        transport = try Transport(
            access,
            limits: limits,
            material: TLSMaterial(access, plugin: nil)
        )
        authorization = try access.identity.authorization.headerValue(credential: nil)
    }

    /// What the next request is to go with.
    ///
    /// - Throws: `APIError` with `credentials` when there are none.
    func current() async throws(APIError) -> Session {
        guard case .plugin(let plugin) = access.identity.authorization else {
            return try session(nil)
        }
        return try session((plugin, try await printed(by: plugin)))
    }

    /// Credentials other than those of a session that the server refused; nil when there are none.
    func renewed(after session: Session) async throws(APIError) -> Session? {
        if session.credential == credential { credential = nil }
        let current = try await current()
        return current.isSame(as: session) ? nil : current
    }

    func shutdown() async {
        pluginRun?.cancel()
        for former in formerTransports { await former.transport?.shutdown() }
        await transport.shutdown()
    }

    private func session(
        _ plugin: (ExecPlugin, ExecCredential)?
    ) throws(APIError) -> Session {
        var problems: [ClusterAccessError] = []
        // Each for itself: a token is rotated even where an authority cannot be read.
        do throws(ClusterAccessError) {
            authorization = try access.identity.authorization.headerValue(credential: plugin?.1)
        } catch {
            problems.append(error)
        }
        do throws(ClusterAccessError) {
            let material = try TLSMaterial(access, plugin: plugin)
            if material != transport.material { try replaceTransport(material) }
        } catch {
            // A plugin has printed all of it at once: there is no middle of a rotation.
            guard plugin?.1.certificate == nil else { throw APIError(.credentials, "\(error)") }
            problems.append(error)
        }
        for problem in problems where !complaints.contains(problem) {
            logger.warning("What was read before is used, as this cannot be: \(problem)")
        }
        complaints = problems
        // A token does without a certificate.
        if authorization == nil, let end = transport.clientCertificateEnd, end < Date.now {
            throw APIError(
                .credentials,
                "the client certificate in \(transport.material.client?.certificatePlace ?? "") "
                    + "ended \(Transport.text(end)), and the clock of this node shows "
                    + "\(Transport.text(.now)); renew the certificate, or set the clock"
            )
        }
        return Session(
            transport: transport,
            authorization: authorization,
            credential: plugin?.1
        )
    }

    private func replaceTransport(_ material: TLSMaterial) throws(ClusterAccessError) {
        let new = try Transport(access, limits: limits, material: material)
        formerTransports.removeAll { $0.transport == nil }
        formerTransports.append(Former(transport: transport))
        transport = new
        logger.info("Certificates for \(access.server) have changed; new connections use them")
    }

    /// What the plugin printed last, while it holds, or what it prints now.
    ///
    /// Requests that come at the same time share one run.
    private func printed(by plugin: ExecPlugin) async throws(APIError) -> ExecCredential {
        while true {
            if let credential, credential.expiry.map({ $0 > Date.now }) ?? true {
                return credential
            }
            let run: Task<Result<ExecCredential, APIError>, Never>
            if let pluginRun {
                run = pluginRun
            } else {
                run = Task { [limits] in
                    do throws(APIError) {
                        return .success(try await plugin.run(limit: limits.pluginTime))
                    } catch {
                        return .failure(error)
                    }
                }
                pluginRun = run
            }
            let result = await withTaskCancellationHandler {
                await run.value
            } onCancel: {
                run.cancel()
            }
            if pluginRun == run { pluginRun = nil }
            switch result {
            case .success(let printed):
                credential = printed
                return printed
            case .failure(let error):
                // Another request that waited may have been cancelled, and the run with it.
                guard error.reason == .cutOff, !Task.isCancelled else { throw error }
            }
        }
    }
}

extension ClientIdentity.Authorization {
    /// The value of the header `Authorization`; files are read anew.
    func headerValue(
        credential: ExecCredential?
    ) throws(ClusterAccessError) -> Secret<String>? {
        switch self {
        case .none: return nil
        case .token(let token): return Secret("Bearer \(token.value)")
        case .tokenFile(let material):
            let token = String(decoding: try material.bytes(), as: UTF8.self).trimmed
            guard token.isHeaderValue else {
                throw ClusterAccessError(
                    place: material.place,
                    token.isEmpty
                        ? "\(material) is empty; it must hold a token"
                        : "\(material) has a space or a control character in it, which no token has"
                )
            }
            return Secret("Bearer \(token)")
        case .login(let name, let password):
            let bytes = Data("\(name):\(password.value)".utf8)
            return Secret("Basic \(bytes.base64EncodedString())")
        case .plugin: return credential?.token.map { Secret("Bearer \($0)") }
        }
    }
}
