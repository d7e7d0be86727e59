package import ServiceModel

/// A collection of objects that is listed and watched.
package struct WatchedResource: Hashable, Sendable {
    package let kind: ObjectKind
    /// The group of the API; empty for the core group.
    package let group: String
    /// The version of the group, such as `v1`.
    package let version: String
    /// The name in the path, such as `endpointslices`.
    package let name: String
    /// Which objects count, in the syntax of label selectors; empty for all.
    package let labelSelector: String
    /// The one object that counts; nil where there may be any number.
    package let singleName: String?

    /// Which objects count, in the syntax of field selectors; empty for all.
    package var fieldSelector: String { singleName.map { "metadata.name=\($0)" } ?? "" }

    init(
        _ kind: ObjectKind,
        group: String = "",
        version: String = "v1",
        name: String,
        labelSelector: String = "",
        singleName: String? = nil
    ) {
        self.kind = kind
        self.group = group
        self.version = version
        self.name = name
        self.labelSelector = labelSelector
        self.singleName = singleName
    }

    /// Objects that another proxy serves, or none: `cmd/kube-proxy/app/server.go` selects so.
    private static let ours =
        "!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name"

    package static let services = WatchedResource(
        .service,
        name: "services",
        labelSelector: ours
    )

    package static let endpoints = WatchedResource(
        .endpoints,
        name: "endpoints",
        labelSelector: ours
    )

    /// EndpointSlices as a version of `discovery.k8s.io` has them.
    package static func endpointSlices(_ version: String) -> WatchedResource {
        WatchedResource(
            .endpointSlice,
            group: "discovery.k8s.io",
            version: version,
            name: "endpointslices",
            labelSelector: ours
        )
    }

    /// The Node of that name, as a collection of at most one.
    package static func node(_ name: String) -> WatchedResource {
        WatchedResource(.node, name: "nodes", singleName: name)
    }

    /// `/api/v1/services` or `/apis/discovery.k8s.io/v1/endpointslices`.
    package var path: String {
        group.isEmpty ? "/api/\(version)/\(name)" : "/apis/\(group)/\(version)/\(name)"
    }

    /// What a server may lack, so that it has to be found out which version it has.
    var isOptional: Bool { kind == .endpointSlice || kind == .endpoints }

    /// That an object of the collection is gone.
    package func removal(of object: ObjectName) -> ClusterChange {
        switch kind {
        case .service: .serviceRemoved(object)
        case .endpointSlice: .endpointSliceRemoved(object)
        case .endpoints: .endpointsRemoved(object)
        case .node: .nodeRemoved(object.name)
        }
    }
}
