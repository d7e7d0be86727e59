import Iptables
import Addressing
import DataplaneModel
import Glibc
import Netlink
import NodeChecks

extension NodeObserver {
    /// What each pair of programs shows that this node has.
    func filters(_ modules: ModuleCatalogue) -> [FilterObservation] {
        AddressFamily.allCases.flatMap { family -> [FilterObservation] in
            let pairs = FilterObservation.Variant.allCases.compactMap { variant in
                FilterPrograms.Variant(rawValue: variant.rawValue)
                    .flatMap { FilterPrograms($0, family) }
                    .map { (variant, $0) }
            }
            // `iptables` is one of the other two, where both are there.
            let names = pairs.map(\.0)
            let hasBoth = names.contains(.nft) && names.contains(.legacy)
            return pairs.filter { !hasBoth || $0.0 != .unnamed }.map { variant, programs in
                FilterObservation(
                    family,
                    variant,
                    rules(programs, variant, family, modules)
                )
            }
        }
    }

    /// The programs have the kernel load what they need, so they are run only when that is there.
    private func rules(
        _ programs: FilterPrograms,
        _ variant: FilterObservation.Variant,
        _ family: AddressFamily,
        _ modules: ModuleCatalogue
    ) -> Observed<FilterObservation.Rules> {
        let isModern =
            switch variant {
            case .nft: true
            case .legacy: false
            case .unnamed: usesTables(family)
            }
        let part: KernelModule =
            isModern ? .nfTables : family == .ipv4 ? .legacyIPv4 : .legacyIPv6
        guard modules.state(of: part).isPresent else { return .absent }
        do throws(DataplaneError) {
            let saved = try programs.save()
            return .present(
                FilterObservation.Rules(
                    chains: Set(saved.tables.values.flatMap(\.chains)),
                    count: saved.ruleCount,
                    hasHint: saved.hasHint
                )
            )
        } catch {
            return .unreadable(error.kernelMessage ?? "\(error.code)")
        }
    }

    /// Whether the `iptables` of this node is the newer one, as the program it stands for says.
    private func usesTables(_ family: AddressFamily) -> Bool {
        let name = family == .ipv4 ? "iptables-save" : "ip6tables-save"
        guard let path = HostProgram.path(of: name), let real = unsafe realpath(path, nil) else {
            return false
        }
        defer { unsafe free(real) }
        return unsafe String(cString: real).contains("nft")
    }

    /// The tables of `nf_tables`; none where that is not loaded, or may not be asked.
    func nftTables(_ modules: ModuleCatalogue) -> Set<String> {
        guard modules.state(of: .nfTables).isPresent,
            var socket = try? NetlinkSocket(.netfilter)
        else { return [] }
        var tables: Set<String> = []
        try? socket.request(type: TableProtocol.getTable, flags: .dump) { writer in
            // The header of every message of netfilter: any family, version 0.
            writer.zeros(4)
        } reply: { _, payload in
            guard payload.count >= 4, let family = TableProtocol.families[payload[0]] else {
                return
            }
            forEachAttribute(in: payload.extracting(4..<payload.count)) { type, value in
                if type == TableProtocol.tableName { tables.insert("\(family) \(value.text())") }
            }
        }
        return tables
    }
}

/// The vocabulary of `nf_tables` that is used here
/// (`include/uapi/linux/netfilter/nf_tables.h`, `nfnetlink.h`).
private enum TableProtocol {
    /// The corresponding C constants are `NFNL_SUBSYS_NFTABLES` and `NFT_MSG_GETTABLE`.
    static let getTable = UInt16(10) << 8 | 1
    /// The corresponding C constant is `NFTA_TABLE_NAME`.
    static let tableName: UInt16 = 1
    /// As `nft` writes them.
    static let families: [UInt8: String] = [1: "inet", 2: "ip", 10: "ip6"]
}
