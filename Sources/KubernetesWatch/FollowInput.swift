package import ServiceModel

/// What a collection's follower is told.
package enum FollowInput: Hashable, Sendable {
    /// Begin.
    case begin
    /// The time that it asked to wait is over.
    case waited
    /// The server takes up the request for a stream.
    case accepted
    /// A part of a list has come.
    case page(ListedPage)
    /// A line of a stream has come.
    case event(WatchedEvent)
    /// The server refuses the request, or the stream ends with an error of the server's.
    case refused(APIStatus)
    /// The server has ended the stream in good order, that long after it was asked.
    case ended(after: Duration)
    /// The request or its answer failed on the way, that long after it was asked.
    case failed(FollowFailure, after: Duration)
}

/// An object as the server has it, as far as it could be understood.
package struct WatchedObject: Hashable, Sendable {
    package let name: ObjectName
    /// Nil when it is refused as a whole; an earlier state of it then stays.
    package let change: ClusterChange?

    package init(name: ObjectName, change: ClusterChange?) {
        self.name = name
        self.change = change
    }
}

/// A part of a list.
package struct ListedPage: Hashable, Sendable {
    package let objects: [WatchedObject]
    /// The number of items that have not even a name.
    package let unnamed: Int
    /// Where a watch that follows the list starts.
    package let version: String?
    /// The token for the next part; nil at the end of the list.
    package let continueToken: String?

    package init(
        objects: [WatchedObject],
        unnamed: Int = 0,
        version: String?,
        continueToken: String? = nil
    ) {
        self.objects = objects
        self.unnamed = unnamed
        self.version = version
        self.continueToken = continueToken
    }
}

/// A line of a watch that could be understood.
package enum WatchedEvent: Hashable, Sendable {
    case added(WatchedObject, version: String?)
    case modified(WatchedObject, version: String?)
    case deleted(WatchedObject, version: String?)
    /// Nothing happened until this version. With `endsList` everything that exists has been said.
    case bookmark(version: String?, endsList: Bool)

    /// As the server calls it.
    var type: String {
        switch self {
        case .added: "ADDED"
        case .modified: "MODIFIED"
        case .deleted: "DELETED"
        case .bookmark: "BOOKMARK"
        }
    }
}

/// A `v1` Status: why a server refuses something.
package struct APIStatus: Hashable, Sendable {
    /// As in HTTP; 0 where the server gave none.
    package let code: Int
    /// One word, such as `Expired`; empty where there is none.
    package let reason: String
    /// The server's own sentence; empty where there is none.
    package let message: String
    /// How long the server wants to be left alone.
    package let retryAfter: Duration?

    package init(
        code: Int,
        reason: String = "",
        message: String = "",
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.retryAfter = retryAfter
    }
}

/// Why a request or its answer failed on the way.
package struct FollowFailure: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Nothing came for too long on a stream, which may be well otherwise.
        case stalled
        /// It came, and cannot be understood: what it would have said is missing now.
        case malformed
        /// Anything else.
        case other
    }

    package let kind: Kind
    /// One of a few words, to be counted by.
    package let reason: String
    /// A sentence.
    package let message: String

    package init(_ kind: Kind, reason: String, message: String) {
        self.kind = kind
        self.reason = reason
        self.message = message
    }
}
