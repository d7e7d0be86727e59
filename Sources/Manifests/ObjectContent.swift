import ServiceModel

/// What became of one object of a document.
enum ObjectContent {
    case object(DecodedObject)
    /// It is of another kind; in words.
    case leftAside(String)
    /// Not even its name could be read; in words.
    case unreadable(String)
}

extension ObjectContent {
    /// Decodes an object of a kind that is known, whatever it says of its own kind.
    init(_ kind: ObjectKind, apiVersion: String?, from decoder: any Decoder) {
        self =
            switch kind {
            case .service: Self.read(ServiceManifest.self, apiVersion, from: decoder)
            case .endpointSlice: Self.read(EndpointSliceManifest.self, apiVersion, from: decoder)
            case .endpoints: Self.read(EndpointsManifest.self, apiVersion, from: decoder)
            case .node: Self.read(NodeManifest.self, apiVersion, from: decoder)
            }
    }

    /// Decodes an object of any kind, taking what it does not say from the list it is in.
    init(from decoder: any Decoder, in list: ObjectKind? = nil) {
        let header: ObjectHeader
        do {
            header = try ObjectHeader(from: decoder)
        } catch {
            self = .unreadable(FieldMismatch(error, in: decoder).description)
            return
        }
        guard let kindName = header.kind ?? list?.rawValue, !kindName.isEmpty else {
            self = .unreadable("has no kind; a Kubernetes object says what it is")
            return
        }
        guard let kind = ObjectKind(rawValue: kindName),
            kind.isMeant(by: header.apiVersion ?? kind.apiVersion)
        else {
            self = .leftAside(header.leftAside(as: kindName, in: decoder))
            return
        }
        self.init(kind, apiVersion: header.apiVersion ?? list?.apiVersion, from: decoder)
    }

    private static func read<Manifest: ObjectManifest>(
        _ type: Manifest.Type,
        _ apiVersion: String?,
        from decoder: any Decoder
    ) -> ObjectContent {
        let name: ObjectName
        do {
            name = try ObjectIdentity(from: decoder).objectName(of: Manifest.kind)
        } catch {
            let mismatch = FieldMismatch(error, in: decoder)
            return .unreadable("\(Manifest.kind.rawValue) without a name: \(mismatch)")
        }
        guard !name.name.isEmpty else {
            return .unreadable(
                "\(Manifest.kind.rawValue) without a name: metadata.name: is missing"
            )
        }
        var findings = Findings(ObjectReference(Manifest.kind, name))
        var change: ClusterChange?
        findings.checkName(name)
        findings.check(apiVersion)
        if !findings.isRefused {
            do {
                change = try Manifest(from: decoder).change(of: name, &findings)
            } catch {
                let mismatch = FieldMismatch(error, in: decoder)
                findings.problem(mismatch.field, mismatch.message)
            }
        }
        return .object(
            DecodedObject(
                reference: findings.object,
                change: change,
                problems: findings.problems,
                notices: findings.notices
            )
        )
    }
}

extension Findings {
    /// A port's name is empty or a label as DNS has them.
    mutating func checkPortName(_ name: String, at field: String) {
        let isLabel =
            ObjectName.objection(to: name) == nil && name.utf8.count <= 63 && !name.contains(".")
        guard !name.isEmpty, !isLabel else { return }
        let shown = String(name.prefix(40).map { $0.isWhitespace ? "?" : $0 })
        problem(
            field,
            "\"\(shown)\" is not a port name: up to 63 lower-case letters, digits and \"-\", with a "
                + "letter or digit at both ends"
        )
    }

    fileprivate mutating func checkName(_ name: ObjectName) {
        if let objection = ObjectName.objection(to: name.name) {
            problem("metadata.name", objection)
        }
        guard object.kind.hasNamespace else { return }
        if let objection = ObjectName.objection(to: name.namespace) {
            problem("metadata.namespace", objection)
        }
    }

    fileprivate mutating func check(_ apiVersion: String?) {
        let right = object.kind.apiVersion
        guard let apiVersion, !apiVersion.isEmpty else {
            problem("apiVersion", "is missing; \(right) belongs here")
            return
        }
        if apiVersion != right {
            problem("apiVersion", "\"\(apiVersion)\" is not read; \(right) would be right")
        }
    }
}

/// What an object is, apart from its content.
struct ObjectHeader: Decodable {
    let apiVersion: String?
    let kind: String?

    fileprivate func leftAside(as kind: String, in decoder: any Decoder) -> String {
        let name = (try? ObjectIdentity(from: decoder))?.name
        let object = name.map { "\(kind) \($0)" } ?? kind
        guard ObjectKind(rawValue: kind) == nil else {
            return "\(object) of \(apiVersion ?? "") only shares its name with the \(kind) of "
                + "Kubernetes; left aside"
        }
        return "\(object) is not a Service, EndpointSlice, Endpoints or Node; left aside"
    }
}

/// The name of an object, however wrong the rest of it is.
private struct ObjectIdentity: Decodable {
    private let metadata: Metadata?

    private struct Metadata: Decodable {
        let name: String?
        let namespace: String?
    }

    /// The name is empty when there is none.
    func objectName(of kind: ObjectKind) -> ObjectName {
        guard kind.hasNamespace else {
            return ObjectName(namespace: "", name: metadata?.name ?? "")
        }
        let namespace = metadata?.namespace ?? ""
        return ObjectName(
            namespace: namespace.isEmpty ? "default" : namespace,
            name: metadata?.name ?? ""
        )
    }

    /// `web` or `default/web`, as it is written: what has no namespace may be of the whole cluster.
    var name: String? {
        guard let name = metadata?.name else { return nil }
        return metadata?.namespace.map { "\($0)/\(name)" } ?? name
    }
}
