/// What the kernel says of a process, under the names that all clients of Prometheus use.
package struct ProcessFigures: Hashable, Sendable {
    package var residentBytes: UInt64?
    package var virtualBytes: UInt64?
    package var cpuSeconds: Double?
    package var openFiles: Int?
    package var maximumFiles: UInt64?
    /// Since 1970.
    package var startSeconds: Double?

    package init() {}

    /// Reads the texts of `/proc/PID/stat`, `/proc/PID/status`, `/proc/PID/limits` and `/proc/stat`;
    /// what cannot be found in them is left out.
    ///
    /// Times are in hundredths of a second there, whatever the kernel counts in itself
    /// (`USER_HZ`).
    package init(stat: String, status: String, limits: String, system: String) {
        residentBytes = Self.kibibytes("VmRSS:", in: status).map { $0 << 10 }
        virtualBytes = Self.kibibytes("VmSize:", in: status).map { $0 << 10 }
        maximumFiles = Self.words(behind: "Max open files", in: limits).first.flatMap { UInt64($0) }
        // The second field is a name in parentheses, which may hold anything.
        guard let end = stat.lastIndex(of: ")") else { return }
        let fields = stat[stat.index(after: end)...].split { $0 == " " || $0 == "\n" }
        func number(_ field: Int) -> Double? {
            fields.indices.contains(field - 3) ? Double(fields[field - 3]) : nil
        }
        if let user = number(14), let kernel = number(15) { cpuSeconds = (user + kernel) / 100 }
        if let ticks = number(22),
            let boot = Self.words(behind: "btime", in: system).first.flatMap({ Double($0) })
        {
            startSeconds = boot + ticks / 100
        }
    }

    private static func kibibytes(_ name: String, in text: String) -> UInt64? {
        words(behind: name, in: text).first.flatMap { UInt64($0) }
    }

    private static func words(behind name: String, in text: String) -> [Substring] {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return line.dropFirst(name.count).split { $0 == " " || $0 == "\t" }
        }
        return []
    }

    /// Writes what is known.
    package func write(to exposition: inout Exposition) {
        let figures: [(MetricFamily.Kind, String, String, Double?)] = [
            (.counter, "cpu_seconds_total", "Processor time spent.", cpuSeconds),
            (.gauge, "open_fds", "Open files and sockets.", openFiles.map { Double($0) }),
            (.gauge, "max_fds", "Most open files allowed.", maximumFiles.map { Double($0) }),
            (.gauge, "resident_memory_bytes", "Memory in use.", residentBytes.map { Double($0) }),
            (
                .gauge, "virtual_memory_bytes", "Address space in use.",
                virtualBytes.map { Double($0) }
            ),
            (.gauge, "start_time_seconds", "When the process started, since 1970.", startSeconds),
        ]
        for (kind, name, help, value) in figures {
            guard let value else { continue }
            exposition.add(kind, "process_\(name)", help, value)
        }
    }
}
