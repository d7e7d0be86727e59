/// Why a text is not an address or a prefix.
///
/// `description` is the second half of a sentence whose first half names the object and the field.
package enum AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    case empty
    case notAnAddress(String)
    /// `010.0.0.1` is ten to some readers and eight to others (CVE-2021-29923).
    case leadingZero(String)
    /// `fe80::1%eth0`: a zone means nothing on another node.
    case zone(String)
    case notAPrefix(String)
    case prefixLength(String, allowed: Int)
    /// `10.0.0.1/8`: bits are set behind the prefix. The second text is the prefix without them.
    case hostBits(String, prefix: String)

    package var description: String {
        switch self {
        case .empty:
            "is empty; an IPv4 or IPv6 address belongs here"
        case .notAnAddress(let text):
            "\"\(text)\" is not an IPv4 or IPv6 address"
        case .leadingZero(let text):
            "\"\(text)\" has a number with a leading zero, which some programs read as octal; "
                + "write it without the zero"
        case .zone(let text):
            "\"\(text)\" carries a zone; write the address without what follows \"%\""
        case .notAPrefix(let text):
            "\"\(text)\" is not a prefix such as 10.0.0.0/8 or fd00::/8"
        case .prefixLength(let text, let allowed):
            "\"\(text)\" has a prefix length outside 0…\(allowed)"
        case .hostBits(let text, let prefix):
            "\"\(text)\" has bits set behind its prefix length; \(prefix) would be right"
        }
    }
}
