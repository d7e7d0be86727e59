/// An error number of Linux (`include/uapi/asm-generic/errno-base.h` and `errno.h`).
package struct ErrorNumber: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let notPermitted = ErrorNumber(rawValue: 1)
    package static let noEntry = ErrorNumber(rawValue: 2)
    package static let noSuchProcess = ErrorNumber(rawValue: 3)
    package static let interrupted = ErrorNumber(rawValue: 4)
    package static let inputOutput = ErrorNumber(rawValue: 5)
    package static let accessDenied = ErrorNumber(rawValue: 13)
    package static let busy = ErrorNumber(rawValue: 16)
    package static let exists = ErrorNumber(rawValue: 17)
    package static let noDevice = ErrorNumber(rawValue: 19)
    package static let invalid = ErrorNumber(rawValue: 22)
    package static let outOfRange = ErrorNumber(rawValue: 34)
    package static let protocolNotAvailable = ErrorNumber(rawValue: 92)
    package static let protocolNotSupported = ErrorNumber(rawValue: 93)
    package static let notSupported = ErrorNumber(rawValue: 95)
    package static let familyNotSupported = ErrorNumber(rawValue: 97)
    package static let noBuffers = ErrorNumber(rawValue: 105)
    package static let timedOut = ErrorNumber(rawValue: 110)

    private static let names: [Int32: String] = [
        1: "EPERM", 2: "ENOENT", 3: "ESRCH", 4: "EINTR", 5: "EIO", 6: "ENXIO", 9: "EBADF",
        11: "EAGAIN", 12: "ENOMEM", 13: "EACCES", 14: "EFAULT", 16: "EBUSY", 17: "EEXIST",
        19: "ENODEV", 20: "ENOTDIR", 21: "EISDIR", 22: "EINVAL", 24: "EMFILE", 28: "ENOSPC",
        30: "EROFS", 32: "EPIPE", 34: "ERANGE", 36: "ENAMETOOLONG", 71: "EPROTO", 74: "EBADMSG",
        90: "EMSGSIZE", 92: "ENOPROTOOPT", 93: "EPROTONOSUPPORT", 95: "EOPNOTSUPP",
        97: "EAFNOSUPPORT", 99: "EADDRNOTAVAIL", 100: "ENETDOWN", 101: "ENETUNREACH",
        104: "ECONNRESET", 105: "ENOBUFS", 110: "ETIMEDOUT", 113: "EHOSTUNREACH",
    ]

    /// `EEXIST`, or `errno 123` for one that has no name here.
    package var description: String { Self.names[rawValue] ?? "errno \(rawValue)" }
}

/// Why a dataplane could not do or read something.
package struct DataplaneError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done, with the object: `add real server 10.2.3.4:80 of TCP 10.96.0.1:80`.
    package let action: String
    package let code: ErrorNumber
    /// The kernel's own words, where it gave any.
    package let kernelMessage: String?
    /// What it means here, or what would help; empty where the number says enough.
    package let hint: String

    package init(
        action: String,
        code: ErrorNumber,
        kernelMessage: String? = nil,
        hint: String = ""
    ) {
        self.action = action
        self.code = code
        self.kernelMessage = kernelMessage
        self.hint = hint
    }

    /// For an operation, with the meaning of the number for that operation.
    package init(_ operation: Operation, code: ErrorNumber, kernelMessage: String? = nil) {
        self.init(
            action: operation.description,
            code: code,
            kernelMessage: kernelMessage,
            hint: operation.meaning(of: code)
        )
    }

    /// The scheduler that all Services are to have is not in this kernel.
    package static func missing(_ scheduler: Scheduler) -> DataplaneError {
        DataplaneError(
            action: "use the scheduler \(scheduler) for all Services",
            code: .noEntry,
            hint: "this kernel has no scheduler of that name; name another one in "
                + "ipvs.scheduler.name, or install the module ip_vs_\(scheduler)"
        )
    }

    package var description: String {
        var text = "\(action): \(code)"
        if let kernelMessage, !kernelMessage.isEmpty { text += " (\(kernelMessage))" }
        if !hint.isEmpty { text += ": \(hint)" }
        return text
    }
}

extension Operation {
    /// What an error number says about this operation, in words; empty where nothing is known.
    ///
    /// The rows are `net/netfilter/ipvs/ip_vs_ctl.c`.
    package func meaning(of code: ErrorNumber) -> String {
        switch (self, code) {
        case (_, .notPermitted), (_, .accessDenied):
            "CAP_NET_ADMIN is missing, or the file system is read-only; run as root or with that capability"
        case (.addVirtualServer, .exists): "there is one with this address already"
        case (.addVirtualServer(let server), .noEntry), (.editVirtualServer(let server), .noEntry):
            "this kernel has no scheduler \(server.scheduler)"
                + (server.persistenceEngine.map { " or no persistence engine \($0)" } ?? "")
        case (.editVirtualServer, .noSuchProcess), (.deleteVirtualServer, .noSuchProcess),
            (.addRealServer, .noSuchProcess), (.editRealServer, .noSuchProcess),
            (.deleteRealServer, .noSuchProcess):
            "the virtual server is not there"
        case (.addVirtualServer, .notSupported), (.editVirtualServer, .notSupported):
            "the packet filter has no persistence engines and no scheduling of single packets"
        case (.addRealServer, .notSupported), (.editRealServer, .notSupported):
            "the packet filter has no tunnels, no direct routing and no thresholds"
        case (.addRealServer, .exists): "this real server is there already"
        case (.editRealServer, .noEntry), (.deleteRealServer, .noEntry):
            "this real server is not there"
        case (.addRealServer, .invalid), (.editRealServer, .invalid):
            "the kernel has no unicast route to the real server; "
                + "it will be tried again, as a route may come"
        case (.addRealServer, .outOfRange), (.editRealServer, .outOfRange):
            "the weight is negative or the lower threshold is above the upper one"
        case (.putMember, .noEntry), (.removeMember, .noEntry): "this address set is not there"
        case (.createSet(let set, _), .invalid), (.createSet(let set, _), .notSupported):
            "this kernel has no address sets of the kind \(set.kind.rawValue); load ip_set with "
                + "\"modprobe ip_set\", or install the package with this kernel's modules "
                + "(Debian's linux-image)"
        case (.installFilter, .notSupported):
            "this kernel lacks a part of netfilter that the rules need; load it with modprobe "
                + "(nf_tables or ip_tables, xt_set), or install the package with this kernel's modules"
        case (.installFilter, .busy):
            "another program holds the lock of iptables; it will be tried again"
        case (.announce, .exists): "something else on this node has this address"
        default: ""
        }
    }
}
