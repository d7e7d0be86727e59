/// The name of an IPVS scheduler.
///
/// The vocabulary is open: the kernel loads one by its name.
package struct Scheduler: RawRepresentable, Hashable, Sendable, Comparable,
    CustomStringConvertible
{
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    /// Whether the kernel could have a scheduler of this name: 1…15 lower-case letters, digits, "-"
    /// and "_" (`IP_VS_SCHEDNAME_MAXLEN` is 16 with the NUL byte behind it).
    package var isWellFormed: Bool {
        (1...15).contains(rawValue.utf8.count)
            && rawValue.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default:
                    false
                }
            }
    }

    package static let roundRobin = Scheduler(rawValue: "rr")
    package static let weightedRoundRobin = Scheduler(rawValue: "wrr")
    package static let leastConnection = Scheduler(rawValue: "lc")
    package static let weightedLeastConnection = Scheduler(rawValue: "wlc")
    package static let localityBasedLeastConnection = Scheduler(rawValue: "lblc")
    package static let localityBasedLeastConnectionWithReplication = Scheduler(rawValue: "lblcr")
    package static let destinationHashing = Scheduler(rawValue: "dh")
    package static let sourceHashing = Scheduler(rawValue: "sh")
    package static let shortestExpectedDelay = Scheduler(rawValue: "sed")
    package static let neverQueue = Scheduler(rawValue: "nq")
    package static let weightedFailover = Scheduler(rawValue: "fo")
    package static let weightedOverflow = Scheduler(rawValue: "ovf")
    package static let maglevHashing = Scheduler(rawValue: "mh")
    package static let twoRandomChoices = Scheduler(rawValue: "twos")
    /// At random by weight, which is what the packet filter can do; IPVS has none of this name.
    package static let random = Scheduler(rawValue: "random")

    /// The schedulers of Linux 6.x, oldest first.
    ///
    /// A kernel may have fewer, or others.
    package static let wellKnown: [Scheduler] = [
        .roundRobin, .weightedRoundRobin, .leastConnection, .weightedLeastConnection,
        .localityBasedLeastConnection, .localityBasedLeastConnectionWithReplication,
        .destinationHashing, .sourceHashing, .shortestExpectedDelay, .neverQueue,
        .weightedFailover, .weightedOverflow, .maglevHashing, .twoRandomChoices,
    ]

    package var description: String { rawValue }

    package static func < (left: Scheduler, right: Scheduler) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The three flag bits that a virtual server hands to its scheduler.
///
/// What a bit means is the scheduler's affair: only `sh` and `mh` give them a meaning.
package struct SchedulerFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `sh-fallback`, `mh-fallback`: when the chosen real server has weight 0, take another one
    /// instead of refusing.
    ///
    /// The corresponding C constant is `IP_VS_SVC_F_SCHED1`.
    package static let first = SchedulerFlags(rawValue: 0x8)
    /// `sh-port`, `mh-port`: hash the port beside the address.
    ///
    /// The corresponding C constant is `IP_VS_SVC_F_SCHED2`.
    package static let second = SchedulerFlags(rawValue: 0x10)
    /// Without a meaning so far.
    ///
    /// The corresponding C constant is `IP_VS_SVC_F_SCHED3`.
    package static let third = SchedulerFlags(rawValue: 0x20)

    package static let all: SchedulerFlags = [.first, .second, .third]

    /// The name of each bit for a scheduler, lowest bit first, as `ipvsadm -b` takes them.
    package static func names(for scheduler: Scheduler) -> [(SchedulerFlags, String)] {
        switch scheduler {
        case .sourceHashing: [(.first, "sh-fallback"), (.second, "sh-port")]
        case .maglevHashing: [(.first, "mh-fallback"), (.second, "mh-port")]
        default: [(.first, "flag-1"), (.second, "flag-2"), (.third, "flag-3")]
        }
    }

    /// The bits that `names` mean for a scheduler, or the first name it does not know.
    package static func bits(
        for scheduler: Scheduler,
        named names: [String]
    ) -> Result<SchedulerFlags, UnknownSchedulerFlag> {
        var flags: SchedulerFlags = []
        let known = Self.names(for: scheduler)
        for name in names {
            guard let bit = known.first(where: { $0.1 == name })?.0 else {
                return .failure(
                    UnknownSchedulerFlag(
                        name: name,
                        scheduler: scheduler,
                        allowed: known.map { $0.1 }
                    )
                )
            }
            flags.insert(bit)
        }
        return .success(flags)
    }

    /// The flags a scheduler gets when nobody says otherwise.
    ///
    /// `sh` and `mh` without fallback refuse the clients of a real server that leaves, as long as it
    /// has connections; and `mh` without the port puts a whole node behind one address on a single
    /// real server.
    package static func defaults(for scheduler: Scheduler) -> SchedulerFlags {
        switch scheduler {
        case .sourceHashing: .first
        case .maglevHashing: [.first, .second]
        default: []
        }
    }
}

extension Scheduler {
    /// Whether new connections go past a real server of weight 0, instead of being refused.
    ///
    /// `dh`, and `sh` and `mh` without their fallback, have one real server for a client and look for
    /// no other (`ip_vs_dh.c`, `ip_vs_sh.c`, `ip_vs_mh.c`).
    package func passesWeightless(_ flags: SchedulerFlags) -> Bool {
        switch self {
        case .destinationHashing: false
        case .sourceHashing, .maglevHashing: flags.contains(.first)
        default: true
        }
    }
}

/// A scheduler flag that the scheduler does not have.
package struct UnknownSchedulerFlag: Error, Hashable, Sendable, CustomStringConvertible {
    package let name: String
    package let scheduler: Scheduler
    package let allowed: [String]

    package var description: String {
        "\"\(name)\" is not a flag of the scheduler \(scheduler); "
            + "it has \(allowed.joined(separator: ", "))"
    }
}
