/// Several parts of the kernel that are told of together.
struct ModuleGroup: CustomStringConvertible {
    private let members: [(name: String, state: ModuleState)]

    init(_ members: [(String, ModuleState)]) { self.members = members }

    var absent: [String] { members.filter { $0.state.isAbsent }.map(\.name) }

    var unknown: [String] { members.filter { $0.state == .unknown }.map(\.name) }

    /// `in the kernel: rr, wrr; loaded when needed: mh; missing: twos`.
    var description: String {
        let kinds: [(words: String, belongs: (ModuleState) -> Bool)] = [
            ("in the kernel", \.isPresent),
            ("loaded when needed", { $0 == .loadable }),
            ("missing", \.isAbsent),
            ("not known", { $0 == .unknown }),
        ]
        return kinds.compactMap { words, belongs in
            let names = members.filter { belongs($0.state) }.map(\.name)
            return names.isEmpty ? nil : "\(words): \(names.joined(separator: ", "))"
        }.joined(separator: "; ")
    }
}
