import ServiceModel

/// The objects of one document: the document itself, or the items of a list.
struct DocumentContent: Decodable {
    /// With the index of the item, which is nil when the document is no list.
    private(set) var objects: [(item: Int?, content: ObjectContent)] = []

    private enum CodingKeys: CodingKey {
        case items
    }

    /// Throws only what the parser throws: what is wrong with the document becomes its content.
    init(from decoder: any Decoder) throws {
        let header = try? ObjectHeader(from: decoder)
        let listedKind = ObjectKind.allCases.first { $0.listKind == header?.kind }
        guard let header, header.kind == "List" || listedKind != nil else {
            objects = [(nil, ObjectContent(from: decoder))]
            return
        }
        if let listedKind, let apiVersion = header.apiVersion, apiVersion != listedKind.apiVersion {
            let message =
                "\(listedKind.listKind): apiVersion: \"\(apiVersion)\" is not read; "
                + "\(listedKind.apiVersion) would be right"
            objects = [(nil, .unreadable(message))]
            return
        }
        do {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            // A list of nothing is printed with null for its items by some programs.
            guard container.contains(.items), try !container.decodeNil(forKey: .items) else {
                return
            }
            var items = try container.nestedUnkeyedContainer(forKey: .items)
            objects.reserveCapacity(items.count ?? 0)
            while !items.isAtEnd {
                let index = items.currentIndex
                let content = ObjectContent(from: try items.superDecoder(), in: listedKind)
                objects.append((index, content))
            }
        } catch {
            objects.append((nil, .unreadable(FieldMismatch(error, in: decoder).description)))
        }
    }
}
