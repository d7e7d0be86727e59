import DataplaneModel

/// What the kernel says of this process, as text.
package struct ProcessFiles: Sendable {
    /// `/proc/self/stat`.
    package let stat: String
    /// `/proc/self/status`.
    package let status: String
    /// `/proc/self/limits`.
    package let limits: String
    /// `/proc/stat`.
    package let system: String
    /// Open files and sockets.
    package let openFiles: Int

    /// Reads all of it; a file that cannot be read is empty.
    package init() {
        stat = Self.text("/proc/self/stat")
        status = Self.text("/proc/self/status")
        limits = Self.text("/proc/self/limits")
        system = Self.text("/proc/stat")
        // One of them is the directory itself.
        openFiles = max(0, HostFile.names(in: "/proc/self/fd").count - 1)
    }

    private static func text(_ path: String) -> String {
        do throws(DataplaneError) {
            return try HostFile.read(path) ?? ""
        } catch {
            return ""
        }
    }
}
