package import Addressing

/// A connection synchronisation daemon of the kernel: one tells its connections, one listens.
package struct SyncDaemon: Hashable, Sendable {
    /// The raw value is the kernel's (`IP_VS_STATE_*`).
    package enum Role: UInt32, Hashable, Sendable, CaseIterable {
        case master = 1
        case backup = 2
    }

    package var role: Role
    package var interface: String
    /// 0…255.
    package var syncID: UInt32
    /// Bytes in a synchronisation message; 0 lets the kernel choose.
    package var maximumLength: UInt16
    package var group: IPAddress?
    /// 0 lets the kernel choose 8848.
    package var port: UInt16
    /// 0 lets the kernel choose 1.
    package var timeToLive: UInt8

    package init(
        role: Role,
        interface: String,
        syncID: UInt32,
        maximumLength: UInt16 = 0,
        group: IPAddress? = nil,
        port: UInt16 = 0,
        timeToLive: UInt8 = 0
    ) {
        self.role = role
        self.interface = interface
        self.syncID = syncID
        self.maximumLength = maximumLength
        self.group = group
        self.port = port
        self.timeToLive = timeToLive
    }
}
