import CHost
package import DataplaneModel
import Glibc
package import NodeChecks

/// What this process may do, taken away for good.
package enum ProcessRights {
    /// Takes all capabilities but these from this process and from all programs it starts, which
    /// cannot gain others by the files they are in either (`PR_SET_NO_NEW_PRIVS`).
    ///
    /// `Capabilities.anyFile` is kept as well where one of the files could not be read otherwise: one
    /// that belongs to another user. What the process does not have it does not get.
    ///
    /// Capabilities belong to a thread, and a thread gets those of the one that starts it: this is for
    /// a process that has no second thread yet.
    ///
    /// - Throws: `DataplaneError` when there is a second thread, or the kernel refuses. Some may have
    ///   been taken away then.
    package static func limit(
        to kept: Capabilities,
        reading files: [String]
    ) throws(DataplaneError) {
        guard HostFile.names(in: "/proc/self/task").count == 1 else {
            throw DataplaneError(
                action: "give up capabilities",
                code: .busy,
                hint: "there are threads already, which would keep theirs"
            )
        }
        guard fairlead_gain_no_rights() == 0 else { throw error(errno) }
        var sets = fairlead_capabilities()
        guard unsafe fairlead_get_capabilities(&sets) == 0 else { throw error(errno) }
        let before = sets
        sets.effective &= ~Capabilities.anyFile.rawValue
        guard unsafe fairlead_set_capabilities(&sets) == 0 else { throw error(errno) }
        let kept = files.allSatisfy(canBeRead) ? kept : kept.union(.anyFile)
        // Without CAP_SETPCAP this fails, and matters little: a program that is started gets no more
        // than this process has.
        for number in Int32(0)..<64 where fairlead_is_bounded(number) == 1 {
            if !kept.contains(Capabilities(rawValue: 1 << UInt64(number))) {
                _ = fairlead_drop_bound(number)
            }
        }
        sets.effective = before.effective & kept.rawValue
        sets.permitted &= kept.rawValue
        // Ambient ones, by which a user who is not root hands them on, go with these.
        sets.inheritable &= kept.rawValue
        guard unsafe fairlead_set_capabilities(&sets) == 0 else { throw error(errno) }
    }

    /// Whether a file or directory can be read, or is not there.
    private static func canBeRead(_ path: String) -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return errno != EACCES }
        close(descriptor)
        return true
    }

    /// Whether all kernel modules are there that a daemon may have to ask `modprobe` for; the kernel
    /// loads the others by itself.
    package static var needsNoModules: Bool {
        func isThere(_ module: String) -> Bool {
            unsafe access("/sys/module/\(module)", F_OK) == 0
        }
        return isThere("ip_vs") && isThere("nf_conntrack")
            && (isThere("nf_tables") || isThere("ip_tables"))
    }

    private static func error(_ code: Int32) -> DataplaneError {
        DataplaneError(
            action: "give up capabilities",
            code: ErrorNumber(rawValue: code),
            kernelMessage: unsafe String(cString: strerror(code))
        )
    }
}
