package import Addressing
package import DataplaneModel
package import Iptables

/// Our rules in the packet filter, in the network namespace of the calling thread.
///
/// The kernel gives rules back in other words than they were written, and keeps no name for them. So
/// a file says which filter was installed last, and what the kernel made of it; as long as it still
/// says the same, that filter is there.
package struct PacketFilters: Sendable {
    private let directory: String
    /// Found out at the first installation, as it costs a reading of all rules.
    private var programs: [AddressFamily: FilterPrograms] = [:]

    package init(directory: String) { self.directory = directory }

    /// What was installed last: the filter's fingerprint, that of the rules the kernel gave back,
    /// and by which programs.
    private struct Record {
        let filter: String
        let rules: String
        let variant: FilterPrograms.Variant

        var text: String { "\(filter) \(rules) \(variant.rawValue)\n" }

        init(_ filter: String, _ saved: SavedRules, _ variant: FilterPrograms.Variant) {
            self.filter = filter
            rules = Self.fingerprint(saved)
            self.variant = variant
        }

        init?(_ text: String) {
            let words = text.split { $0 == " " || $0 == "\n" }
            guard words.count == 3,
                let variant = FilterPrograms.Variant(rawValue: String(words[2]))
            else { return nil }
            filter = String(words[0])
            rules = String(words[1])
            self.variant = variant
        }

        static func fingerprint(_ saved: SavedRules) -> String {
            Fingerprint.of(saved.ours.joined(separator: "\n"))
        }
    }

    private func path(_ family: AddressFamily) -> String {
        directory + (family == .ipv4 ? "/filter-ipv4" : "/filter-ipv6")
    }

    private func record(_ family: AddressFamily) -> Record? {
        guard let text = try? HostFile.readOwn(path(family)) else { return nil }
        return Record(text)
    }

    /// The filter of a family; nil when there is none, or when its rules are not all there as they
    /// were put, or cannot be read.
    package func observe(_ family: AddressFamily) -> PacketFilter? {
        guard let record = record(family),
            let programs = FilterPrograms(record.variant, family),
            let saved = try? programs.save()
        else { return nil }
        return observe(family, in: saved)
    }

    /// The same, where the rules have been read already.
    package func observe(_ family: AddressFamily, in saved: SavedRules) -> PacketFilter? {
        guard let record = record(family), Record.fingerprint(saved) == record.rules else {
            return nil
        }
        return PacketFilter(family: family, fingerprint: record.filter)
    }

    /// The programs by which the filter of a family was installed; before that, those it would be.
    package func programs(of family: AddressFamily) throws(DataplaneError) -> FilterPrograms {
        if let programs = programs[family] { return programs }
        if let record = record(family), let programs = FilterPrograms(record.variant, family) {
            return programs
        }
        guard let first = FilterPrograms.candidates(family).first else {
            throw Self.missingPrograms(family)
        }
        return first
    }

    private static func missingPrograms(_ family: AddressFamily) -> DataplaneError {
        DataplaneError(
            action: "look for iptables",
            code: .noEntry,
            hint: "there is no \(family == .ipv4 ? "iptables" : "ip6tables") on this machine; "
                + "install it (Debian's package iptables)"
        )
    }

    /// Installs filters, in their order, and answers which failed, by their position in
    /// `operations`.
    ///
    /// Operations of another kind must not be among them.
    mutating func apply(
        _ operations: ArraySlice<Operation>,
        to sets: inout AddressSets
    ) -> [OperationFailure] {
        var failures: [OperationFailure] = []
        for (index, operation) in zip(operations.indices, operations) {
            guard case .installFilter(let filter) = operation else { continue }
            do throws(DataplaneError) {
                let missing = filter.sets.subtracting(try sets.names()).sorted()
                guard missing.isEmpty else {
                    let names = missing.map(\.name).joined(separator: ", ")
                    throw DataplaneError(
                        action: "look for its address sets",
                        code: .noEntry,
                        hint: "its rules look into address sets that are not there: \(names)"
                    )
                }
                try install(filter)
            } catch {
                failures.append(
                    OperationFailure(index: index, error: DataplaneError(operation, error))
                )
            }
        }
        return failures
    }

    /// Puts a filter in place of what is there of ours, of the same family.
    ///
    /// - Throws: `DataplaneError` with the words of `iptables`. Our rules are then as they were.
    package mutating func install(_ filter: PacketFilter) throws(DataplaneError) {
        let family = filter.family
        let candidates =
            programs[family].map { [$0] } ?? FilterPrograms.candidates(family)
        guard let last = candidates.last else { throw Self.missingPrograms(family) }
        let former = record(family)
        for candidate in candidates {
            do throws(DataplaneError) {
                try install(filter, by: candidate)
            } catch {
                // Some kernels can read by the newer programs, but hold nothing for them.
                if error.code == .notSupported, candidate != last { continue }
                throw error
            }
            programs[family] = candidate
            if let former, former.variant != candidate.variant { remove(former.variant, family) }
            return
        }
    }

    private func install(
        _ filter: PacketFilter,
        by programs: FilterPrograms
    ) throws(DataplaneError) {
        let before = try programs.save()
        do throws(DataplaneError) {
            try programs.restore(before.transaction(to: FilterLayout(filter)))
        } catch {
            undo(to: before, by: programs)
            throw error
        }
        let after = try programs.save()
        try HostFile.makeDirectory(directory)
        try HostFile.replace(
            path(filter.family),
            with: Record(filter.fingerprint, after, programs.variant).text
        )
    }

    /// Takes back what a transaction did before it failed: each table is one of its own.
    private func undo(to before: SavedRules, by programs: FilterPrograms) {
        guard let now = try? programs.save(), now.ours != before.ours else { return }
        try? programs.restore(now.transaction(to: FilterLayout(before)))
    }

    /// Takes our rules out of the part of the kernel that this node does not use any more.
    private func remove(_ variant: FilterPrograms.Variant, _ family: AddressFamily) {
        guard let programs = FilterPrograms(variant, family), let saved = try? programs.save()
        else { return }
        try? programs.restore(saved.transaction(to: FilterLayout()))
        let chains = saved.tables[.nat]?.chains.filter { BalancingChains.owns($0) } ?? []
        try? programs.restore(BalancingChains.transaction(removing: Set(chains)))
    }
}

extension DataplaneError {
    /// Why an operation failed that takes several steps, of which one failed.
    fileprivate init(_ operation: Operation, _ step: DataplaneError) {
        self.init(
            action: "\(operation), \(step.action)",
            code: step.code,
            kernelMessage: step.kernelMessage,
            hint: step.hint.isEmpty ? operation.meaning(of: step.code) : step.hint
        )
    }
}
