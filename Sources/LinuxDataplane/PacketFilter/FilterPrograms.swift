package import Addressing
package import DataplaneModel
package import Iptables

/// The two programs by which the rules of a family are read and written.
///
/// There are two parts of the kernel that can hold such rules, each with its own programs. Which one
/// a node uses is not written down anywhere: who adds rules goes where the others are.
package struct FilterPrograms: Hashable, Sendable {
    /// `nft`, `legacy`, or whatever `iptables` itself is.
    package enum Variant: String, Hashable, Sendable, CaseIterable {
        case nft, legacy, unnamed
    }

    package let variant: Variant
    private let savePath: String
    private let restorePath: String

    /// The programs of a variant; nil where this machine does not have them.
    package init?(_ variant: Variant, _ family: AddressFamily) {
        let name =
            (family == .ipv4 ? "iptables" : "ip6tables")
            + (variant == .unnamed ? "" : "-\(variant.rawValue)")
        guard let save = HostProgram.path(of: "\(name)-save"),
            let restore = HostProgram.path(of: "\(name)-restore")
        else { return nil }
        self.variant = variant
        savePath = save
        restorePath = restore
    }

    /// Whether any of this machine may be the old variant, which reads and writes through a raw
    /// socket; the new one does without, and so does `ipset`.
    package static var needRawSockets: Bool {
        AddressFamily.allCases.contains {
            FilterPrograms(.legacy, $0) != nil || FilterPrograms(.nft, $0) == nil
        }
    }

    /// All that there are for a family, the one that this node uses first.
    ///
    /// That the first can read does not say that it can write: `install` has to try.
    package static func candidates(_ family: AddressFamily) -> [FilterPrograms] {
        guard let nft = FilterPrograms(.nft, family), let legacy = FilterPrograms(.legacy, family)
        else { return Variant.allCases.compactMap { FilterPrograms($0, family) } }
        guard let modern = try? nft.save() else { return [legacy, nft] }
        guard let old = try? legacy.save() else { return [nft, legacy] }
        let prefersLegacy =
            modern.hasHint != old.hasHint ? old.hasHint : old.ruleCount > modern.ruleCount
        return prefersLegacy ? [legacy, nft] : [nft, legacy]
    }

    /// Reads all rules.
    package func save() throws(DataplaneError) -> SavedRules {
        let outcome = try HostProgram.run(savePath, [])
        guard outcome.status == 0 else {
            throw Self.error("read the packet filter (\(savePath))", outcome)
        }
        return SavedRules(outcome.output)
    }

    /// Carries out a transaction.
    ///
    /// - Throws: `DataplaneError` with the program's own words; tables in front of the one that it
    ///   is about may have been changed.
    package func restore(_ transaction: String) throws(DataplaneError) {
        guard !transaction.isEmpty else { return }
        // With the lock that all users of the old variant share, for which it waits some seconds.
        let outcome = try HostProgram.run(
            restorePath,
            ["--noflush", "-w", "5"],
            input: transaction
        )
        guard outcome.status == 0 else {
            throw Self.error(
                "change the packet filter (\(restorePath))",
                outcome,
                transaction
            )
        }
    }

    /// Carries out a transaction of which parts may be refused.
    ///
    /// - Throws: `RefusedTransaction`; nothing has been changed then, if it is about one table.
    func attempt(_ transaction: String) throws(RefusedTransaction) {
        guard !transaction.isEmpty else { return }
        let outcome: HostProgram.Outcome
        do throws(DataplaneError) {
            outcome = try HostProgram.run(
                restorePath,
                ["--noflush", "-w", "5"],
                input: transaction
            )
        } catch {
            throw RefusedTransaction(error: error, line: nil)
        }
        guard outcome.status != 0 else { return }
        let lines = outcome.errors.split(separator: "\n")
        throw RefusedTransaction(
            error: Self.error(
                "change the packet filter (\(restorePath))",
                outcome,
                transaction
            ),
            line: Self.mentionedLine(lines, of: transaction).map(String.init)
        )
    }

    private static func error(
        _ action: String,
        _ outcome: HostProgram.Outcome,
        _ input: String = ""
    ) -> DataplaneError {
        let lines = outcome.errors.split(separator: "\n")
            .filter { !$0.hasPrefix("Try `") && !$0.hasPrefix("#") }
        var words = lines.prefix(3).joined(separator: "; ")
        if let line = mentionedLine(lines, of: input) { words += ": \(line)" }
        return DataplaneError(
            action: action,
            code: code(outcome.status, words),
            kernelMessage: words.isEmpty ? "exit status \(outcome.status)" : words
        )
    }

    private static func code(_ status: Int32, _ words: String) -> ErrorNumber {
        let known: [(String, ErrorNumber)] = [
            ("Permission denied", .notPermitted), ("you must be root", .notPermitted),
            ("Operation not permitted", .notPermitted), ("not supported", .notSupported),
            ("does not exist", .noEntry), ("doesn't exist", .noEntry),
            ("xtables lock", .busy), ("temporarily unavailable", .busy),
        ]
        return known.first { words.contains($0.0) }?.1 ?? .invalid
    }

    /// The line of the input that an error is about: `line 5 failed` or `occurred at line: 5`.
    private static func mentionedLine(_ errors: [Substring], of input: String) -> Substring? {
        let inputs = input.split(separator: "\n", omittingEmptySubsequences: false)
        for error in errors {
            let words = error.split { $0 == " " || $0 == ":" }
            guard let position = words.firstIndex(of: "line"),
                words.indices.contains(position + 1), let number = Int(words[position + 1]),
                inputs.indices.contains(number - 1)
            else { continue }
            return inputs[number - 1]
        }
        return nil
    }
}

/// A transaction that was not carried out.
struct RefusedTransaction: Error {
    let error: DataplaneError
    /// The line of it that was refused, where that was said.
    let line: String?
}
