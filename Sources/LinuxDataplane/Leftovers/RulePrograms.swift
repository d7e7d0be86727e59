import Addressing
import DataplaneModel
import Iptables
import KubeProxyLeftovers

/// The programs that read and write rules, whoever's those are, by the name an operator calls them.
struct RulePrograms {
    let family: AddressFamily
    private let variant: FilterPrograms.Variant
    private let programs: FilterPrograms

    private init?(_ variant: FilterPrograms.Variant, _ family: AddressFamily) {
        guard let programs = FilterPrograms(variant, family) else { return nil }
        self.family = family
        self.variant = variant
        self.programs = programs
    }

    /// `iptables-legacy`, or `ip6tables` where this machine has but one variant.
    var name: String {
        (family == .ipv4 ? "iptables" : "ip6tables")
            + (variant == .unnamed ? "" : "-\(variant.rawValue)")
    }

    var isModern: Bool { variant == .nft }

    /// All that this machine has for a family, each part of the kernel once.
    static func all(_ family: AddressFamily) -> [RulePrograms] {
        let named = [FilterPrograms.Variant.legacy, .nft].compactMap { RulePrograms($0, family) }
        return named.isEmpty ? [RulePrograms(.unnamed, family)].compactMap(\.self) : named
    }

    /// The programs of a name; nil when this machine does not have them.
    static func named(_ name: String) -> RulePrograms? {
        AddressFamily.allCases.lazy.flatMap { all($0) }.first { $0.name == name }
    }

    /// Reads all rules of all tables.
    func save() throws(DataplaneError) -> RuleListing {
        let program = "\(name)-save"
        guard let path = HostProgram.path(of: program) else { return RuleListing("") }
        let outcome = try HostProgram.run(path, [])
        guard outcome.status == 0 else {
            throw DataplaneError(
                action: "read the packet filter (\(path))",
                code: .inputOutput,
                kernelMessage: String(outcome.errors.prefix { $0 != "\n" })
            )
        }
        return RuleListing(outcome.output)
    }

    /// Reads all rules, as far as they may have to do with ours.
    func saveOwn() throws(DataplaneError) -> SavedRules { try programs.save() }

    /// Carries out a transaction, which is about one table.
    ///
    /// - Throws: `DataplaneError` with the program's own words. Nothing has been changed then.
    func restore(_ transaction: String) throws(DataplaneError) {
        try programs.restore(transaction)
    }
}
