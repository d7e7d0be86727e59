import Addressing
import Glibc

/// Addresses as the C library reads and writes them: the reference for our own texts.
enum CLibraryAddress {
    /// What `inet_pton` makes of a text without NUL characters; nil when it refuses.
    static func parse(_ text: String) -> IPAddress? {
        let family = text.utf8.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
        var bytes = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(family, text, &bytes) == 1 else { return nil }
        return IPAddress(family: family == AF_INET ? .ipv4 : .ipv6, networkOrder: bytes.span)
    }

    /// What `inet_ntop` writes.
    static func text(of address: IPAddress) -> String {
        let family = address.family == .ipv4 ? AF_INET : AF_INET6
        var buffer = [CChar](repeating: 0, count: 64)
        let written = unsafe inet_ntop(family, address.bytes, &buffer, socklen_t(buffer.count))
        guard unsafe written != nil else { return "" }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }
}

extension IPAddress {
    /// All its bytes in network order.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        forEachByte { bytes.append($0) }
        return bytes
    }

    /// The address in bytes of an array; a `Span` cannot be an argument inside `#expect`.
    init?(family: AddressFamily, bytes: [UInt8]) {
        self.init(family: family, networkOrder: bytes.span)
    }
}
