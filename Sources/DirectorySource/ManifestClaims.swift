package import Manifests
import ServiceModel

/// What a file of a directory is found to be.
package enum ManifestFileState: Hashable, Sendable {
    case decoded(DecodedManifests)
    /// It is there and cannot be read; in words that go on after its name.
    case unreadable(String)
    case absent
}

/// The objects that one file claims, with their last good states.
struct ManifestClaims: Sendable {
    /// An object that a file says something about.
    struct Claim: Sendable {
        /// More than one when the file has the object several times.
        var positions: [DocumentPosition]
        /// What counts of it; nil while nothing right was ever said.
        var state: ClusterChange?
    }

    private(set) var claims: [ObjectReference: Claim] = [:]
    /// The claimed objects, in order of the file.
    private(set) var order: [ObjectReference] = []
    /// Everything to be said of the file, but for what other files have to do with.
    private(set) var reports: [ManifestReport] = []

    /// Takes in what is in the file now.
    ///
    /// An object that is wrong keeps its state, and so does one that may only have become
    /// unreadable.
    mutating func update(_ manifests: DecodedManifests, file: String) {
        let previous = self
        claims = [:]
        order = []
        reports = manifests.problems.map { problem in
            let place = problem.line.map { "line \($0)" + Self.column(problem.column) + ": " } ?? ""
            return ManifestReport(
                .problem,
                file: file,
                position: problem.position,
                message: place + problem.message
            )
        }
        reports += manifests.notices.map {
            ManifestReport(.notice, file: file, position: $0.position, message: $0.message)
        }
        for entry in manifests.entries {
            add(entry, file: file)
        }
        for reference in order where claims[reference]?.state == nil {
            claims[reference]?.state = previous.claims[reference]?.state
        }
        guard !manifests.isComplete else { return }
        let missing = Set(previous.order.filter { claims[$0] == nil })
        for reference in previous.order where missing.contains(reference) {
            claims[reference] = previous.claims[reference]
            order.append(reference)
        }
        // What was wrong with them is not right only because it is not seen.
        reports += previous.reports.filter { report in
            report.isProblem && report.object.map { missing.contains($0) } ?? false
        }
        if !missing.isEmpty {
            reports.append(
                ManifestReport(
                    .problem,
                    file: file,
                    message: "objects that were here and are not found now stay as they were"
                )
            )
        }
    }

    /// The file is there, and that is all that is known of it: everything stays as it was.
    mutating func becomeUnreadable(_ reason: String, file: String) {
        reports.removeAll { $0.isProblem && $0.object == nil }
        reports.append(ManifestReport(.problem, file: file, message: reason))
    }

    private static func column(_ column: Int?) -> String {
        column.map { ", column \($0)" } ?? ""
    }

    private mutating func add(_ entry: ManifestEntry, file: String) {
        let object = entry.object
        if claims[object.reference] == nil { order.append(object.reference) }
        var claim = claims[object.reference] ?? Claim(positions: [], state: nil)
        claim.positions.append(entry.position)
        claim.state = claim.state ?? object.change
        claims[object.reference] = claim
        reports += object.problems.map {
            ManifestReport(
                .problem,
                file: file,
                position: entry.position,
                object: $0.object,
                field: $0.field,
                message: $0.message
            )
        }
    }
}
