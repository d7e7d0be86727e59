import NIOCore

/// The parts of a URL of a server or a proxy.
struct WebAddress: Equatable, Sendable {
    /// In lower case.
    let scheme: String
    /// What stands before an `@`.
    let login: Login?
    /// A name or an IP address, without brackets.
    let host: String
    /// nil where the URL has none.
    let port: Int?
    /// Without a slash at its end: empty, or such as `/clusters/one`.
    let path: String

    struct Login: Equatable, Sendable {
        let name: String
        let password: Secret<String>
    }

    /// What is wrong with a text, as the end of a sentence that begins with its name.
    struct Problem: Error {
        let words: String
    }

    init(_ text: String) throws(Problem) {
        guard let colon = text.firstRange(of: "://") else {
            throw Problem(words: "has no scheme such as https://")
        }
        scheme = text[..<colon.lowerBound].lowercased()
        var rest = text[colon.upperBound...]
        guard !rest.contains(where: { $0 == "?" || $0 == "#" || $0.isWhitespace }) else {
            throw Problem(words: "has a space, a ? or a # in it")
        }
        if let slash = rest.firstIndex(of: "/") {
            let path = rest[slash...]
            self.path = String(
                path.prefix(upTo: path.lastIndex { $0 != "/" }.map(path.index(after:)) ?? slash)
            )
            rest = rest[..<slash]
        } else {
            path = ""
        }
        if let at = rest.lastIndex(of: "@") {
            login = try Self.login(rest[..<at])
            rest = rest[rest.index(after: at)...]
        } else {
            login = nil
        }
        let name: Substring
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else {
                throw Problem(words: "has a [ without a ]")
            }
            name = rest[..<end].dropFirst()
            rest = rest[rest.index(after: end)...]
            guard (try? SocketAddress(ipAddress: String(name), port: 0)) != nil else {
                throw Problem(words: "has something in brackets that is no IPv6 address")
            }
        } else {
            name = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(name.count)
        }
        guard !name.isEmpty else { throw Problem(words: "has no host") }
        host = String(name)
        if rest.isEmpty {
            port = nil
        } else {
            guard rest.first == ":", let number = UInt16(rest.dropFirst()), number > 0 else {
                throw Problem(
                    words: "has no port from 1 to 65535 after the host "
                        + "(an IPv6 address stands in brackets)"
                )
            }
            port = Int(number)
        }
    }

    private static func login(_ text: Substring) throws(Problem) -> Login {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard
            let name = decoded(parts[0]),
            let password = parts.count > 1 ? decoded(parts[1]) : ""
        else { throw Problem(words: "has a user name or password that is not percent-encoded") }
        return Login(name: name, password: Secret(password))
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = Substring(rest.prefix(2))
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The host as it stands in a URL.
    var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }

    var isIPAddress: Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }
}

extension WebAddress: CustomStringConvertible {
    /// Without the login.
    var description: String {
        "\(scheme)://\(bracketedHost)\(port.map { ":\($0)" } ?? "")\(path)"
    }
}
