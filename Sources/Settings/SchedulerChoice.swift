/// A scheduler of IPVS and its flags.
package struct SchedulerChoice: Hashable, Sendable {
    /// The kernel's name, such as `rr`.
    ///
    /// Whether the kernel has it is not known here.
    package var name: String
    /// The flags by the names of `allowedFlags(for:)`; nil when none are given, which for `mh` is
    /// not the same as an empty list.
    package var flags: [String]?

    package init(name: String, flags: [String]? = nil) {
        self.name = name
        self.flags = flags
    }

    /// The flags to set: those given, or the scheduler's own default.
    ///
    /// `mh` without fallback drops the packets of a server that is gone.
    package var effectiveFlags: [String] {
        flags ?? (name == "mh" ? Self.allowedFlags(for: "mh") : [])
    }

    /// The names of a scheduler's flags, first flag first.
    ///
    /// Schedulers without names of their own get the names that `ipvsadm` prints.
    package static func allowedFlags(for scheduler: String) -> [String] {
        switch scheduler {
        case "sh": ["sh-fallback", "sh-port"]
        case "mh": ["mh-fallback", "mh-port"]
        default: ["flag-1", "flag-2", "flag-3"]
        }
    }

    /// The schedulers of the kernel's own source, each with its name written out.
    package static let wellKnown: KeyValuePairs<String, String> = [
        "rr": "round-robin", "wrr": "weighted-round-robin",
        "lc": "least-connection", "wlc": "weighted-least-connection",
        "lblc": "locality-based-least-connection",
        "lblcr": "locality-based-least-connection-with-replication",
        "dh": "destination-hashing", "sh": "source-hashing",
        "sed": "shortest-expected-delay", "nq": "never-queue",
        "fo": "weighted-failover", "ovf": "weighted-overflow",
        "mh": "maglev-hashing", "twos": "power-of-two-choices",
    ]
}

extension SchedulerChoice: ConfigurationSection {
    init() {
        self.init(name: "rr")
    }

    static var fields: [Field<SchedulerChoice>] {
        [
            .value(
                "name",
                \.name,
                .scheduler,
                "The kernel's name for the scheduler. Well known are \(wellKnownNames)."
            ),
            .optionalList(
                "flags",
                \.flags,
                .flag,
                """
                The scheduler's flags. Null is the scheduler's own default: mh-fallback and mh-port \
                for mh, sh-fallback for sh, none for the others.
                """
            ),
        ]
    }

    private static var wellKnownNames: String { Spelling.enumeration(wellKnown.map(\.key)) }

    var contradictions: [Contradiction] {
        let allowed = Self.allowedFlags(for: name)
        return (flags ?? []).enumerated().compactMap { index, flag in
            let path = "flags[\(index)]"
            let keys = ["flags", "name"]
            guard allowed.contains(flag) else {
                return Contradiction(
                    path,
                    keys: keys,
                    value: flag,
                    "\"\(flag)\" is not a flag of the scheduler \(name); allowed are "
                        + Spelling.enumeration(allowed)
                )
            }
            guard flags?.prefix(index).contains(flag) == false else {
                return Contradiction(path, keys: keys, value: flag, "\"\(flag)\" is given twice")
            }
            return nil
        }
    }
}

extension ValueForm where Value == String {
    /// A name that a scheduler could have.
    static let scheduler = Self(
        allowed: "1…15 lower-case letters, digits, \"-\" and \"_\""
    ) { text throws(InvalidValue) in
        let isName =
            1...15 ~= text.utf8.count
            && text.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "-_".utf8.contains($0)
            }
        let meant = knownScheduler(like: text)
        guard isName, meant == nil || meant == text else {
            let advice = meant.map { "; did you mean \($0)?" } ?? ""
            throw InvalidValue(
                "\"\(text)\" is not a scheduler name; allowed are lower-case names of at most 15 "
                    + "characters such as rr, wrr, lc, wlc, sh and mh\(advice)"
            )
        }
        return text
    } print: {
        CommentedYAML.scalar($0)
    }

    /// The well known scheduler with this name, in any case and in short or in full.
    private static func knownScheduler(like text: String) -> String? {
        func letters(_ text: String) -> String { text.lowercased().filter(\.isLetter) }
        let wanted = letters(text)
        return SchedulerChoice.wellKnown.first {
            text.lowercased() == $0.key || wanted == letters($0.value)
                || (wanted == $0.key && text.contains { !$0.isLetter && !$0.isNumber })
        }?.key
    }

    /// A flag of any scheduler; which of them goes with which is known when both have been read.
    static let flag = Self(
        allowed: """
            sh-fallback and sh-port for sh, mh-fallback and mh-port for mh, flag-1, flag-2 and \
            flag-3 for any other
            """
    ) { text throws(InvalidValue) in
        text
    } print: {
        CommentedYAML.scalar($0)
    }
}
