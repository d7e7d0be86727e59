package import Addressing

/// Which `externalIPs` of Services count.
package struct ExternalIPSettings: Hashable, Sendable {
    /// Those inside any of these; nil for all, empty for none.
    ///
    /// No prefix is there twice.
    package var allowed: [IPPrefix]?

    package init() {}
}

extension ExternalIPSettings: ConfigurationSection {
    static var fields: [Field<ExternalIPSettings>] {
        [
            .optionalList(
                "allowed",
                \.allowed,
                .prefix,
                """
                The prefixes that externalIPs of Services must be inside of to count, for whoever \
                may write a Service can take any address with them (CVE-2020-8554). Null: all of \
                them count. Empty: none does.
                """
            )
        ]
    }

    var contradictions: [Contradiction] { .repeated(allowed ?? [], in: "allowed") }
}
