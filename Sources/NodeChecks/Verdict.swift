/// How something on a node stands, the best first.
package enum Verdict: String, Hashable, Sendable, CaseIterable, Comparable {
    case ok
    /// Worth knowing; nothing has to be done.
    case note
    /// Something will not work, or not always.
    case warning
    /// It keeps Fairlead from serving at all.
    case failure

    package static func < (left: Verdict, right: Verdict) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .ok: 0
        case .note: 1
        case .warning: 2
        case .failure: 3
        }
    }
}
