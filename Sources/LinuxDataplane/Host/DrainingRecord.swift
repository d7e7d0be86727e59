package import Addressing
package import DataplaneModel
import Glibc

/// Since when real servers have been leaving, on file, so that a restart gives them no new time.
///
/// A small file below `/run`, replaced as a whole. It is a help and no more: what leaves is seen in the
/// kernel, and without this file it leaves from now on.
package enum DrainingRecord {
    /// One real server that leaves.
    package struct Line: Hashable, Sendable {
        package let key: VirtualServerKey
        package let address: SocketEndpoint
        /// Since the machine was started, with the time it slept (`CLOCK_BOOTTIME`).
        package let since: Duration
        package let limit: Duration

        package init(
            key: VirtualServerKey,
            address: SocketEndpoint,
            since: Duration,
            limit: Duration
        ) {
            self.key = key
            self.address = address
            self.since = since
            self.limit = limit
        }
    }

    private static let header = "fairlead-draining 1"
    /// More than 31 days of milliseconds, or since the start of a machine, is no time of ours.
    private static let longest = Int64(1) << 50

    package static func path(in directory: String) -> String { directory + "/draining" }

    /// The time since the machine was started.
    package static var sinceBoot: Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Reads the file; nothing when there is none.
    ///
    /// - Throws: `DataplaneError` when there is one that cannot be read, or that makes no sense.
    package static func load(stateDirectory: String) throws(DataplaneError) -> [Line] {
        let path = path(in: stateDirectory)
        guard let text = try HostFile.read(path) else { return [] }
        guard let lines = parse(text) else {
            throw DataplaneError(
                action: "read \(path)",
                code: .invalid,
                hint: "it is damaged, or of another version; what leaves is taken from the kernel, "
                    + "with all of its time before it"
            )
        }
        return lines
    }

    /// Puts these lines in place of those in the file.
    package static func store(_ lines: [Line], stateDirectory: String) throws(DataplaneError) {
        try HostFile.makeDirectory(stateDirectory)
        try HostFile.replace(path(in: stateDirectory), with: text(of: lines))
    }

    /// The text of a file: a header, the lines in order, and a fingerprint of both.
    package static func text(of lines: [Line]) -> String {
        var text = header + "\n"
        for line in lines.sorted(by: { ($0.key, $0.address) < ($1.key, $1.address) }) {
            let since = milliseconds(line.since)
            let limit = milliseconds(line.limit)
            text += "\(line.key)\t\(line.address)\t\(since)\t\(limit)\n"
        }
        return text + Fingerprint.of(text) + "\n"
    }

    /// Reads what `text(of:)` writes, but for what is finer than a millisecond; nil for anything else.
    package static func parse(_ text: String) -> [Line]? {
        guard text.utf8.last == UInt8(ascii: "\n") else { return nil }
        let body = text.utf8.dropLast()
        guard let end = body.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
        let covered = String(text.utf8[...end]) ?? ""
        guard Fingerprint.of(covered) == Substring(body[body.index(after: end)...]) else {
            return nil
        }
        let rows = covered.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard rows.first == Substring(header) else { return nil }
        var lines: [Line] = []
        for row in rows.dropFirst() {
            guard let line = Line(row) else { return nil }
            lines.append(line)
        }
        return lines
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        let whole = duration.components
        return min(whole.seconds, longest / 1000) * 1000
            + whole.attoseconds / 1_000_000_000_000_000
    }

    fileprivate static func duration(_ text: Substring) -> Duration? {
        guard let number = Int64(text), (0...longest).contains(number), String(number) == text
        else {
            return nil
        }
        return .milliseconds(number)
    }
}

extension DrainingRecord.Line {
    fileprivate init?(_ row: Substring) {
        let fields = row.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count == 4, let key = VirtualServerKey(fields[0]),
            let address = SocketEndpoint(fields[1]),
            let since = DrainingRecord.duration(fields[2]),
            let limit = DrainingRecord.duration(fields[3])
        else { return nil }
        self.init(key: key, address: address, since: since, limit: limit)
    }
}
