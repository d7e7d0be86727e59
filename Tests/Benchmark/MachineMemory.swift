import Glibc
import LinuxDataplane
import NetworkLab

/// Takes the cost of touching memory for the first time out of what is measured.
///
/// In User Mode Linux a page fault of a process costs a hundred times what it costs on a real
/// machine, and a page that the kernel inside has never used is a fault outside. Without this, the
/// figures say more about the emulated machine than about anything that runs in it.
enum MachineMemory {
    /// Settings of the C library's allocator under which a process keeps memory that it has freed.
    static let keeping = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"]

    /// Makes the kernel use its memory once.
    static func warm() throws {
        let file = "/run/fairlead-benchmark-memory"
        try Command.run(
            "sh",
            [
                "-c",
                "size=$(awk '/^MemAvailable/ { print int($2 / 1024 * 0.8) }' /proc/meminfo); "
                    + "dd if=/dev/zero of=\(file) bs=1M count=$size 2>/dev/null || true; rm -f \(file)",
            ]
        )
    }

    /// Bytes resident in this process now and at the peak.
    static func resident() throws -> (now: Int, peak: Int) { try resident(of: getpid()) }

    /// Bytes resident in a process now and at the peak.
    static func resident(of process: pid_t) throws -> (now: Int, peak: Int) {
        let status = try HostFile.read("/proc/\(process)/status") ?? ""
        func field(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1024
        }
        return (field("VmRSS"), field("VmHWM"))
    }
}
