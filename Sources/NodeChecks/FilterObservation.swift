package import Addressing

/// One pair of `iptables` programs of a node, and the rules that it shows.
package struct FilterObservation: Hashable, Sendable {
    /// Which part of the kernel the programs work on, and how they are called.
    package enum Variant: String, Hashable, Sendable, CaseIterable {
        case nft, legacy
        /// `iptables` itself, where the pairs of the other two are not both there.
        case unnamed
    }

    /// The rules of all tables, whoever made them.
    package struct Rules: Hashable, Sendable {
        package var chains: Set<String>
        package var count: Int
        /// Whether the node's agent has left the chain by which it says that it uses this variant
        /// (KEP-3178).
        package var hasHint: Bool

        package init(chains: Set<String> = [], count: Int = 0, hasHint: Bool = false) {
            self.chains = chains
            self.count = count
            self.hasHint = hasHint
        }
    }

    package let family: AddressFamily
    package let variant: Variant
    /// Absent where the part of the kernel for it is not loaded, and so holds none.
    ///
    /// The programs would load it, so they were not asked.
    package let rules: Observed<Rules>

    package init(_ family: AddressFamily, _ variant: Variant, _ rules: Observed<Rules>) {
        self.family = family
        self.variant = variant
        self.rules = rules
    }

    /// `iptables-nft`.
    package var program: String {
        (family == .ipv4 ? "iptables" : "ip6tables")
            + (variant == .unnamed ? "" : "-\(variant.rawValue)")
    }

    var hasRules: Bool {
        if case .present(let rules) = rules { rules.count > 0 } else { false }
    }

    /// The names of chains that are there.
    var chains: Set<String> {
        if case .present(let rules) = rules { rules.chains } else { [] }
    }
}

extension FilterObservation {
    /// The pair that the daemon tries first, and why.
    struct Choice {
        let filter: FilterObservation
        let reason: String
    }

    /// The choice among the pairs of one family; nil when there is none.
    ///
    /// The daemon chooses by the same rules when it installs its own.
    static func choice(among filters: [FilterObservation]) -> Choice? {
        guard let nft = filters.first(where: { $0.variant == .nft }),
            let legacy = filters.first(where: { $0.variant == .legacy })
        else {
            let order = Variant.allCases.compactMap { variant in
                filters.first { $0.variant == variant }
            }
            return order.first.map { Choice(filter: $0, reason: "there is no other") }
        }
        guard let modern = nft.readable else {
            return Choice(filter: legacy, reason: "\(nft.program) cannot be read")
        }
        guard let old = legacy.readable else {
            return Choice(filter: nft, reason: "\(legacy.program) cannot be read")
        }
        if modern.hasHint != old.hasHint {
            return Choice(
                filter: old.hasHint ? legacy : nft,
                reason: "the kubelet left its hint there"
            )
        }
        let counts =
            "\(nft.program) has \(counted(modern.count, "rule")) and "
            + "\(legacy.program) \(grouped(old.count))"
        return Choice(filter: old.count > modern.count ? legacy : nft, reason: counts)
    }

    /// The rules, none where nothing is loaded; nil when they cannot be read.
    private var readable: Rules? {
        switch rules {
        case .present(let rules): rules
        case .absent: Rules()
        case .unreadable: nil
        }
    }
}
