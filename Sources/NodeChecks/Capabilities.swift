/// What a process may do (`capabilities(7)`).
package struct Capabilities: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Reading files and directories whatever their owner and mode are.
    ///
    /// The corresponding C constants are `CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH`.
    package static let anyFile = Capabilities(rawValue: 1 << 1 | 1 << 2)
    /// The corresponding C constant is `CAP_NET_BIND_SERVICE`.
    package static let lowPorts = Capabilities(rawValue: 1 << 10)
    /// The corresponding C constant is `CAP_NET_ADMIN`.
    package static let networkAdministration = Capabilities(rawValue: 1 << 12)
    /// The corresponding C constant is `CAP_NET_RAW`.
    package static let rawSockets = Capabilities(rawValue: 1 << 13)
    /// The corresponding C constant is `CAP_SYS_MODULE`.
    package static let moduleLoading = Capabilities(rawValue: 1 << 16)

    /// The effective capabilities in `/proc/self/status`; nil when there is no line of them.
    package init?(procStatus text: String) {
        for line in text.split(separator: "\n") where line.hasPrefix("CapEff:") {
            let digits = line.dropFirst("CapEff:".count).filter { !$0.isWhitespace }
            guard let bits = UInt64(digits, radix: 16) else { return nil }
            self.init(rawValue: bits)
            return
        }
        return nil
    }
}
