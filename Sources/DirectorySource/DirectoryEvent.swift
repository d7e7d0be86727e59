import SystemPackage

/// Something that happened in a watched directory.
struct DirectoryEvent: Hashable, Sendable {
    enum Change: Hashable, Sendable {
        /// An entry has come to be. A file that is being written has nothing in it yet.
        case created
        /// A file was written to its end, or an entry was moved or deleted.
        case changed
        case directoryGone
        /// Events were lost.
        case overflow
    }

    let change: Change
    /// The name of the entry; empty when the directory itself is meant.
    let name: String
}

/// Which file or directory something is, however it is called.
struct FileIdentity: Hashable, Sendable {
    private let device: DeviceID
    private let inode: Inode

    init(_ stat: Stat) {
        device = stat.deviceID
        inode = stat.inode
    }
}
