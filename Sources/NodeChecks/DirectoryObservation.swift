/// The directory that holds what must outlive the daemon.
package struct DirectoryObservation: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// `nearest` is the last directory above it that is there.
        case missing(nearest: String, isWritable: Bool)
        case symbolicLink
        /// Something that is neither a directory nor a link.
        case other
        case directory(owner: UInt32, mode: UInt32, isWritable: Bool)
        case unreadable(String)
    }

    package let path: String
    package let kind: Kind

    package init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}
