/// An `Int` whose decoding error says where it is.
///
/// For 1.5 and 1e30, `JSONDecoder` calls the data as a whole corrupt.
struct WholeNumber: Decodable {
    let value: Int

    init(from decoder: any Decoder) throws {
        do {
            value = try decoder.singleValueContainer().decode(Int.self)
        } catch DecodingError.dataCorrupted(_) {
            throw DecodingError.typeMismatch(
                Int.self,
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "")
            )
        }
    }
}
