import ServiceModel

/// When things are done, and done again.
package struct Intervals: Hashable, Sendable {
    /// How long to wait after a change for more of them; 0s…1m.
    package var coalesce = Duration.zero
    /// How often the kernel's state is compared though nothing changed; 1s…24h, zero for never.
    package var audit = Duration.seconds(60)
    /// The first wait after a failure, which doubles with every further one; 10ms…24h.
    package var retryInitial = Duration.seconds(1)
    /// The longest wait after a failure; at least `retryInitial`, at most 24h.
    package var retryMaximum = Duration.seconds(60)
    /// How often IPVS is looked for while mode auto has to do without; 1s…24h, zero for never.
    package var reprobe = Duration.seconds(60)

    package init() {}
}

extension Intervals: ConfigurationSection {
    static var fields: [Field<Intervals>] {
        let day = Duration.seconds(24 * 3600)
        return [
            .value(
                "coalesce",
                \.coalesce,
                .duration(.zero ... .seconds(60)),
                "How long to wait after a change for more of them, to write all of them at once."
            ),
            .value(
                "audit",
                \.audit,
                .duration(.seconds(1)...day, allowsZero: true),
                """
                How often to compare the kernel's state with what it should be though nothing \
                changed. 0s: never.
                """
            ),
            .value(
                "retryInitial",
                \.retryInitial,
                .duration(.milliseconds(10)...day),
                "How long to wait after a failure; the wait doubles with each further one."
            ),
            .value(
                "retryMaximum",
                \.retryMaximum,
                .duration(.milliseconds(10)...day),
                "The longest wait after a failure, not shorter than retryInitial."
            ),
            .value(
                "reprobe",
                \.reprobe,
                .duration(.seconds(1)...day, allowsZero: true),
                """
                How often mode auto looks for IPVS again while it has to do with iptables. 0s: \
                never.
                """
            ),
        ]
    }

    var contradictions: [Contradiction] {
        guard retryMaximum < retryInitial else { return [] }
        let text = retryMaximum.kubernetesText
        return [
            Contradiction(
                "retryMaximum",
                keys: ["retryMaximum", "retryInitial"],
                value: text,
                "\"\(text)\" is shorter than retryInitial, which is \(retryInitial.kubernetesText)"
            )
        ]
    }
}
