import Addressing

/// What the node has for rules: of masquerading and source ranges with IPVS, of everything without.
enum FilterChecks {
    static func findings(
        _ observation: NodeObservation,
        _ intent: ServingIntent
    ) -> [Finding] {
        let modules = observation.modules
        let balances = observation.balancesByFilter(intent)
        guard intent.usesPacketFilter || balances else {
            return [
                .note(
                    .programs,
                    "iptables",
                    "not used, as packetFilter is none: nothing is masqueraded or refused, and "
                        + "source ranges are not enforced",
                    remedy: "Leave packetFilter at auto unless that is intended."
                )
            ]
        }
        var findings: [Finding] = []
        for family in AddressFamily.allCases {
            findings += programs(family, observation, balances)
        }
        let worst: Verdict = balances ? .failure : .warning
        findings += [
            single(
                .connectionTracking,
                .connectionTracking,
                modules,
                worst,
                without: "nothing can be masqueraded"
            ),
            single(
                .addressSets,
                .addressSets,
                modules,
                worst,
                without: "the rules that look into address sets cannot be made"
            ),
            group(
                .setTypes,
                "set types",
                KernelModule.setTypes,
                modules,
                worst,
                without: "the rules that look into such sets cannot be made"
            ),
            group(
                .matches,
                "rule parts",
                KernelModule.matches + (balances ? KernelModule.balancingMatches : [])
                    + (usesTables(observation) ? [.compatibility] : []),
                modules,
                worst,
                without: "rules that need them cannot be made"
            ),
        ]
        return findings
    }

    /// The part of the kernel that a pair of programs works on; nil when its name does not say it.
    private static func part(of filter: FilterObservation) -> KernelModule? {
        switch (filter.variant, filter.family) {
        case (.nft, _): .nfTables
        case (.legacy, .ipv4): .legacyIPv4
        case (.legacy, .ipv6): .legacyIPv6
        case (.unnamed, _): nil
        }
    }

    private static func choice(
        _ family: AddressFamily,
        _ observation: NodeObservation
    ) -> FilterObservation.Choice? {
        let able = observation.filters.filter { filter in
            filter.family == family
                && part(of: filter).map { !observation.modules.state(of: $0).isAbsent } ?? true
        }
        return FilterObservation.choice(among: able)
    }

    private static func usesTables(_ observation: NodeObservation) -> Bool {
        AddressFamily.allCases.contains { choice($0, observation)?.filter.variant == .nft }
    }

    private static func programs(
        _ family: AddressFamily,
        _ observation: NodeObservation,
        _ balances: Bool
    ) -> [Finding] {
        let name = family == .ipv4 ? "iptables" : "ip6tables"
        let verdict: Verdict = balances && family == .ipv4 ? .failure : .warning
        let consequence =
            balances
            ? "without IPVS and without them no \(family) Service can be served"
            : "there will be no rules for \(family): nothing is masqueraded or refused, and "
                + "Services with source ranges are not served"
        let filters = observation.filters.filter { $0.family == family }
        guard !filters.isEmpty else {
            return [
                .weighed(
                    verdict,
                    .programs,
                    name,
                    "there is no \(name)-save with \(name)-restore; \(consequence)",
                    remedy: "Install iptables (Debian, Ubuntu, Fedora and RHEL have a package of "
                        + "that name)."
                )
            ]
        }
        let found = Finding.ok(
            .programs,
            name,
            filters.map(\.program).joined(separator: ", ")
        )
        guard let choice = choice(family, observation) else {
            let parts = filters.compactMap { part(of: $0) }
            return [
                found,
                .weighed(
                    verdict,
                    .variant,
                    name,
                    "the kernel has nothing for these programs "
                        + "(\(parts.map(\.name).joined(separator: ", "))); \(consequence)",
                    remedy: observation.modules.remedy(for: parts.first ?? .nfTables)
                ),
            ]
        }
        return [found, variant(choice, among: filters)]
    }

    private static func variant(
        _ choice: FilterObservation.Choice,
        among filters: [FilterObservation]
    ) -> Finding {
        let chosen = choice.filter
        let subject = chosen.family == .ipv4 ? "rules of IPv4" : "rules of IPv6"
        let text = "by \(chosen.program), as \(choice.reason)"
        if case .unreadable(let reason) = chosen.rules {
            return .warning(
                .variant,
                subject,
                "\(chosen.program) cannot be read: \(reason)",
                remedy: "Run this as root; if it remains, see what \"\(chosen.program)-save\" says."
            )
        }
        guard filters.count(where: \.hasRules) > 1 else { return .ok(.variant, subject, text) }
        return .note(
            .variant,
            subject,
            "\(text); packets pass the rules of both",
            remedy: "Let all programs of the node use the same one."
        )
    }

    private static func single(
        _ check: Check,
        _ module: KernelModule,
        _ modules: ModuleCatalogue,
        _ verdict: Verdict,
        without consequence: String
    ) -> Finding {
        let state = modules.state(of: module)
        return .weighed(
            state.isUsable ? .ok : state == .unknown ? .note : verdict,
            check,
            module.name,
            "\(state)" + (state.isAbsent ? "; \(consequence)" : ""),
            remedy: modules.remedy(for: module)
        )
    }

    private static func group(
        _ check: Check,
        _ subject: String,
        _ members: [KernelModule],
        _ modules: ModuleCatalogue,
        _ verdict: Verdict,
        without consequence: String
    ) -> Finding {
        let group = ModuleGroup(members.map { ($0.name, modules.state(of: $0)) })
        let helpless =
            members.first { group.absent.contains($0.name) }
            ?? members.first { group.unknown.contains($0.name) }
        return .weighed(
            !group.absent.isEmpty ? verdict : group.unknown.isEmpty ? .ok : .note,
            check,
            subject,
            group.description + (group.absent.isEmpty ? "" : "; \(consequence)"),
            remedy: helpless.map { modules.remedy(for: $0) } ?? ""
        )
    }
}

extension NodeObservation {
    /// Whether rules have to balance, because IPVS is not to, or cannot.
    func balancesByFilter(_ intent: ServingIntent) -> Bool {
        switch intent.mode {
        case .iptables: true
        case .ipvs: false
        case .automatic:
            modules.state(of: .ipvs).isAbsent
                || modules.state(of: .scheduler(intent.scheduler)).isAbsent
        }
    }
}
