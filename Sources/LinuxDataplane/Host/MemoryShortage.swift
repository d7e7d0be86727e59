package import DataplaneModel

/// What the kernel does with this process when memory is short.
package enum MemoryShortage {
    /// Sets how readily the kernel ends this process; -1000 is never, 1000 first of all.
    ///
    /// - Throws: `DataplaneError`, as below what it is now only the capability CAP_SYS_RESOURCE
    ///   allows.
    package static func setAdjustment(_ value: Int) throws(DataplaneError) {
        try HostFile.write("\(value)", to: "/proc/self/oom_score_adj")
    }
}
