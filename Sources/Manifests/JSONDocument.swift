import FoundationEssentials

/// JSON text, decoded straight into the types that are asked for.
enum JSONDocument {
    static func decode<Value: DecodableWithConfiguration>(
        _ type: Value.Type,
        configuration: Value.DecodingConfiguration,
        json: [UInt8]
    ) throws(UnreadableDocument) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(json), configuration: configuration)
        } catch let error as UnreadableDocument {
            throw error
        } catch {
            throw reason(json)
        }
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type,
        json: [UInt8]
    ) throws(UnreadableDocument) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch let error as UnreadableDocument {
            throw error
        } catch {
            throw reason(json)
        }
    }

    /// Why a decoder refused the text, which it does not say itself.
    private static func reason(_ json: [UInt8]) -> UnreadableDocument {
        var scanner = JSONScanner(json)
        do throws(UnreadableDocument) {
            try scanner.skipValue()
            if scanner.moveToNextValue() {
                return UnreadableDocument(message: "is not JSON: something follows its end")
            }
        } catch {
            return error
        }
        return UnreadableDocument(message: "is not JSON")
    }
}
