import Manifests
package import ServiceModel

/// Which file says what about which object, and what of that counts.
///
/// Of several files that have an object, the first by name counts, and the next one takes over when
/// it goes away.
package struct ManifestSet: Sendable {
    private var files: [String: ManifestClaims] = [:]
    /// The files that claim an object, in order of their names.
    private var claimants: [ObjectReference: [String]] = [:]
    private var told: [ObjectReference: ClusterChange] = [:]
    private var duplicateReports: [ObjectReference: [ManifestReport]] = [:]

    package init() {}

    /// The files that were there at the last look.
    package var fileNames: some Collection<String> { files.keys }

    /// Whether everything that the files say could be understood.
    package var isWhole: Bool {
        files.values.allSatisfy { file in !file.reports.contains(where: \.isProblem) }
    }

    /// What could not be understood, as sentences, by file.
    package var problems: [String] {
        files.sorted { $0.key < $1.key }.flatMap { _, file in
            file.reports.filter(\.isProblem).map { "\($0)" }
        }
    }

    /// Takes in the files that may have changed, and answers with what that changes.
    ///
    /// All of them are taken in first: an object that moved from one file to another is not removed
    /// on the way. Saying the same again changes nothing and reports nothing.
    package mutating func update(_ states: [String: ManifestFileState]) -> ManifestUpdate {
        var touched: [ObjectReference] = []
        var reports: [ManifestReport] = []
        for (file, state) in states.sorted(by: { $0.key < $1.key }) {
            touched += replace(file, with: state, &reports)
        }
        var seen: Set<ObjectReference> = []
        touched.removeAll { !seen.insert($0).inserted }
        var removals: [ClusterChange] = []
        var changes: [ClusterChange] = []
        for reference in touched {
            let state = winner(of: reference)
            let change = state == reference.removal ? nil : state
            if change != told[reference] {
                told[reference] = change
                if let change { changes.append(change) } else { removals.append(reference.removal) }
            }
            reportDuplicates(of: reference, &reports)
        }
        return ManifestUpdate(changes: removals + changes, reports: reports)
    }

    /// Answers with the objects that the file claims or claimed.
    private mutating func replace(
        _ file: String,
        with state: ManifestFileState,
        _ reports: inout [ManifestReport]
    ) -> [ObjectReference] {
        let previous = files[file]
        var claims = previous ?? ManifestClaims()
        switch state {
        case .decoded(let manifests):
            claims.update(manifests, file: file)
            files[file] = claims
        case .unreadable(let reason):
            claims.becomeUnreadable(reason, file: file)
            files[file] = claims
        case .absent:
            claims = ManifestClaims()
            files[file] = nil
        }
        for reference in claims.order where previous?.claims[reference] == nil {
            claimants[reference, default: []].insertSorted(file)
        }
        let gone = (previous?.order ?? []).filter { claims.claims[$0] == nil }
        for reference in gone {
            claimants[reference]?.removeAll { $0 == file }
            if claimants[reference]?.isEmpty == true { claimants[reference] = nil }
        }
        report(claims, instead: previous?.reports ?? [], of: file, state, &reports)
        return claims.order + gone
    }

    private func winner(of reference: ObjectReference) -> ClusterChange? {
        for file in claimants[reference] ?? [] {
            if let state = files[file]?.claims[reference]?.state { return state }
        }
        return nil
    }
}

/// What a look at some files has changed.
package struct ManifestUpdate: Hashable, Sendable {
    /// Removals first.
    package let changes: [ClusterChange]
    /// What was not said before.
    package let reports: [ManifestReport]
}

// MARK: Reports

extension ManifestSet {
    private func report(
        _ claims: ManifestClaims,
        instead previous: [ManifestReport],
        of file: String,
        _ state: ManifestFileState,
        _ reports: inout [ManifestReport]
    ) {
        let known = Set(previous)
        var seen = known
        reports += claims.reports.filter { seen.insert($0).inserted }
        // While it cannot be read, nothing is known to be right again.
        guard case .decoded = state else { return }
        let stillWrong = Set(claims.reports.filter(\.isProblem).map(\.object))
        var settled: Set<ObjectReference?> = []
        for report in previous where report.isProblem {
            guard !stillWrong.contains(report.object), settled.insert(report.object).inserted else {
                continue
            }
            // Of an object that went away, there is nothing more to say.
            if let object = report.object, claims.claims[object] == nil { continue }
            reports.append(
                ManifestReport(
                    .settled,
                    file: file,
                    object: report.object,
                    message: "is right again"
                )
            )
        }
    }

    private mutating func reportDuplicates(
        of reference: ObjectReference,
        _ reports: inout [ManifestReport]
    ) {
        let files = claimants[reference] ?? []
        // Where nothing right is said anywhere, the first place is as good as any.
        let first = files.first { self.files[$0]?.claims[reference]?.state != nil } ?? files.first
        var current: [ManifestReport] = []
        for file in files {
            let positions = self.files[file]?.claims[reference]?.positions ?? []
            if file != first, let first {
                current.append(
                    ManifestReport(
                        .problem,
                        file: file,
                        position: positions.first,
                        object: reference,
                        message: "is in \(first) too, and that one counts"
                    )
                )
            }
            if positions.count > 1 {
                current.append(
                    ManifestReport(
                        .problem,
                        file: file,
                        position: positions[1],
                        object: reference,
                        message: "is here more than once; the first that is right counts"
                    )
                )
            }
        }
        let previous = duplicateReports[reference] ?? []
        duplicateReports[reference] = current.isEmpty ? nil : current
        reports += current.filter { !previous.contains($0) }
        if current.isEmpty, let last = previous.last, let file = files.first {
            reports.append(
                ManifestReport(
                    .settled,
                    file: file,
                    object: last.object,
                    message: "is in one place only again"
                )
            )
        }
    }
}

extension ObjectReference {
    /// The change that takes the object away.
    fileprivate var removal: ClusterChange {
        switch kind {
        case .service: .serviceRemoved(name)
        case .endpointSlice: .endpointSliceRemoved(name)
        case .endpoints: .endpointsRemoved(name)
        case .node: .nodeRemoved(name.name)
        }
    }
}

extension [String] {
    fileprivate mutating func insertSorted(_ element: String) {
        insert(element, at: firstIndex { $0 > element } ?? endIndex)
    }
}
