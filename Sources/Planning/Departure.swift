import Addressing
import DataplaneModel

/// A real server on its way out.
package struct Departure: Hashable, Sendable {
    /// Since when, and for how long at most; on the clock of whoever drives.
    package struct Term: Hashable, Sendable {
        package let since: Duration
        package var limit: Duration

        package init(since: Duration, limit: Duration) {
            self.since = since
            self.limit = limit
        }

        var end: Duration { since + limit }
    }

    /// Why it is over.
    package enum Ending: String, Hashable, Sendable, CaseIterable {
        /// It had no connections any more.
        case idle
        /// Its time was up.
        case timeout
        /// It did not answer any more.
        case unresponsive
    }

    package internal(set) var term: Term
    /// Its clients never say that they have finished.
    private let isDatagram: Bool
    private let family: AddressFamily
    /// Packets in both directions when it was last heard of.
    private var answered: RealServerLoad?
    /// Since when, and at how many looks, clients sent and it did not answer.
    private var silence: (since: Duration, looks: Int, inPackets: UInt64)?
    var nextLook: Duration

    /// Retries come further and further apart, and a few stragglers ask for no answer.
    private static let looksInSilence = 3
    /// By then a packet that was about to choose it has done so.
    static let firstLook = Duration.milliseconds(100)
    private static let interval = Duration.seconds(1)

    /// When to look again; those who began to leave at different moments are looked at together.
    static func look(after now: Duration) -> Duration {
        let step: Int64 = 250
        let (seconds, attoseconds) = (now + interval).components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return .milliseconds((milliseconds + step - 1) / step * step)
    }

    init(
        _ term: Term,
        of transport: TransportProtocol?,
        _ family: AddressFamily,
        now: Duration
    ) {
        self.term = term
        self.family = family
        isDatagram = transport == .udp
        nextLook = now + Self.firstLook
    }

    /// Takes in what it carries now; answers how it ends, if it does.
    mutating func look(
        at load: RealServerLoad,
        _ policy: DrainingPolicy,
        now: Duration
    ) -> Ending? {
        if load.isIdle { return .idle }
        let keeps = policy.keepsConnections && !isDatagram
        if now >= term.end, !keeps { return .timeout }
        if let limit = policy.unresponsiveTimeout, isSilent(load, for: limit, now: now) {
            return .unresponsive
        }
        nextLook = Self.look(after: now)
        if !keeps { nextLook = min(nextLook, term.end) }
        return nil
    }

    private mutating func isSilent(
        _ load: RealServerLoad,
        for limit: Duration,
        now: Duration
    ) -> Bool {
        guard let before = answered, load.isUnanswered(since: before, family) else {
            answered = load
            silence = nil
            return false
        }
        let known = silence?.inPackets ?? before.inPackets
        guard load.inPackets > known else { return false }
        silence = (silence?.since ?? now, (silence?.looks ?? 0) + 1, load.inPackets)
        guard let silence else { return false }
        return silence.looks >= Self.looksInSilence && now - silence.since >= limit
    }

    package static func == (left: Departure, right: Departure) -> Bool {
        left.term == right.term
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(term) }
}

extension RealServerLoad {
    /// Whether nothing has come back since then, but for what a router, or this node itself, says when
    /// nobody can be reached.
    ///
    /// IPVS counts such a message as a packet to the client. It has a header, and in it the packet that
    /// it is about, cut off so that the whole has at most as many bytes as any network takes (RFC 1812,
    /// 4.3.2.3, and RFC 4443, 2.4).
    fileprivate func isUnanswered(since before: RealServerLoad, _ family: AddressFamily) -> Bool {
        guard inPackets >= before.inPackets, outPackets >= before.outPackets,
            inBytes >= before.inBytes, outBytes >= before.outBytes
        else { return false }
        let (asked, answers) = (inPackets - before.inPackets, outPackets - before.outPackets)
        guard answers > 0 else { return true }
        guard answers <= asked else { return false }
        let header: UInt64 = family == .ipv4 ? 28 : 48
        let longest: UInt64 = family == .ipv4 ? 576 : 1280
        let (askedBytes, answeredBytes) = (inBytes - before.inBytes, outBytes - before.outBytes)
        if askedBytes >= (longest - header) * asked { return answeredBytes == longest * answers }
        return answeredBytes.multipliedFullWidth(by: asked)
            == answers.multipliedFullWidth(by: header * asked + askedBytes)
    }
}
