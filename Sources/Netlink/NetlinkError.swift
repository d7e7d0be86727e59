/// Why the kernel refused a netlink message, or why it could not be asked.
package struct NetlinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done: `send`, `receive`, `open a socket`, or the caller's words.
    package let action: String
    /// A positive `errno`.
    package let code: Int32
    /// The kernel's own words (`NLMSGERR_ATTR_MSG`), where it gave any.
    package let message: String?

    package init(action: String, code: Int32, message: String? = nil) {
        self.action = action
        self.code = code
        self.message = message
    }

    package var description: String {
        "\(action): errno \(code)" + (message.map { " (\($0))" } ?? "")
    }
}

/// A message of a batch that the kernel refused.
package struct MessageFailure: Hashable, Sendable {
    /// Position in the batch, from 0.
    package let index: Int
    package let error: NetlinkError

    package init(index: Int, error: NetlinkError) {
        self.index = index
        self.error = error
    }
}
