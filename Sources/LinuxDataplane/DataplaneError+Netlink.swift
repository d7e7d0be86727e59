import DataplaneModel
import Netlink

extension DataplaneError {
    /// A netlink error, with what was being done.
    init(_ error: NetlinkError, action: String) {
        let code = ErrorNumber(rawValue: error.code)
        self.init(
            action: action,
            code: code,
            kernelMessage: error.message,
            hint: code == .notPermitted
                ? "CAP_NET_ADMIN is missing; run as root or with that capability" : ""
        )
    }
}

extension OperationFailure {
    /// The failure of the operation at a position, for which a message was refused.
    init(_ error: NetlinkError, of operations: ArraySlice<Operation>, at index: Int) {
        self.init(
            index: index,
            error: DataplaneError(
                operations[index],
                code: ErrorNumber(rawValue: error.code),
                kernelMessage: error.message
            )
        )
    }
}
