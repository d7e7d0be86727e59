/// A request of a collection's follower.
package struct WatchRequest: Hashable, Sendable {
    /// What is asked for.
    package enum Purpose: Hashable, Sendable {
        /// A part of a list; its answer is one document.
        case page
        /// A stream of events, one document a line.
        case stream
    }

    package let purpose: Purpose
    package let path: String
    /// Names and values, in order and not encoded.
    package let query: [Parameter]

    package struct Parameter: Hashable, Sendable {
        package let name: String
        package let value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    private init(_ purpose: Purpose, _ resource: WatchedResource, _ query: [Parameter]) {
        self.purpose = purpose
        path = resource.path
        self.query = resource.selection + query
    }

    /// The number of objects in a part of a list: of 500 Services or EndpointSlices the text has some
    /// hundred kilobytes.
    static let pageSize = 500

    /// A part of the newest state.
    ///
    /// No version is named, so the answer is never older than what was seen before, whichever server
    /// gives it; a version of 0 would save the server work, and may bring back the past.
    static func page(
        of resource: WatchedResource,
        isWhole: Bool,
        after token: String?
    ) -> WatchRequest {
        var query: [Parameter] = []
        if !isWhole { query.append(Parameter("limit", "\(pageSize)")) }
        if let token { query.append(Parameter("continue", token)) }
        return WatchRequest(.page, resource, query)
    }

    /// All changes since a version.
    static func watch(
        _ resource: WatchedResource,
        since version: String,
        seconds: Int
    ) -> WatchRequest {
        WatchRequest(
            .stream,
            resource,
            [
                Parameter("watch", "true"),
                Parameter("allowWatchBookmarks", "true"),
                Parameter("resourceVersion", version),
                Parameter("timeoutSeconds", "\(seconds)"),
            ]
        )
    }

    /// The newest state as events, a bookmark that ends it, and then all changes (KEP-3157).
    static func streamedList(of resource: WatchedResource, seconds: Int) -> WatchRequest {
        WatchRequest(
            .stream,
            resource,
            [
                Parameter("watch", "true"),
                Parameter("allowWatchBookmarks", "true"),
                Parameter("sendInitialEvents", "true"),
                Parameter("resourceVersionMatch", "NotOlderThan"),
                Parameter("timeoutSeconds", "\(seconds)"),
            ]
        )
    }
}

extension WatchedResource {
    fileprivate var selection: [WatchRequest.Parameter] {
        var query: [WatchRequest.Parameter] = []
        if !labelSelector.isEmpty { query.append(.init("labelSelector", labelSelector)) }
        if !fieldSelector.isEmpty { query.append(.init("fieldSelector", fieldSelector)) }
        return query
    }
}
