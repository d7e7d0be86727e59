/// One thing that became different in the cluster.
///
/// A changed object arrives whole; saying the same again is allowed and touches nothing.
package enum ClusterChange: Hashable, Sendable {
    case service(Service)
    case serviceRemoved(ObjectName)
    case endpointSlice(EndpointSlice)
    case endpointSliceRemoved(ObjectName)
    /// `v1` Endpoints, already as slices (one for each subset and family). They count only while
    /// their Service has no EndpointSlice. The name is that of the Service.
    case endpoints(ObjectName, [EndpointSlice])
    case endpointsRemoved(ObjectName)
    /// Any Node; a reader picks its own.
    case node(Node)
    case nodeRemoved(String)
}

/// What a source of cluster state tells its reader.
package enum SourceEvent: Hashable, Sendable {
    /// Everything that exists has been said once. Nothing is programmed before.
    ///
    /// Where something could not be read (`isWhole` is false), what an earlier run left in the
    /// kernel may belong to it and stays, until this is said again with true.
    case initialSetComplete(isWhole: Bool)
    case changes([ClusterChange])
    /// When the pods or the Service behind changed EndpointSlices changed, for a measurement; comes
    /// right after the changes.
    case triggers([EndpointTrigger])
}

/// The annotation `endpoints.kubernetes.io/last-change-trigger-time` of a slice that changed.
package struct EndpointTrigger: Hashable, Sendable {
    package let service: ObjectName
    /// Milliseconds since 1970, by the clock of the control plane.
    package let milliseconds: Int64

    package init(service: ObjectName, milliseconds: Int64) {
        self.service = service
        self.milliseconds = milliseconds
    }
}

/// A place that says what the cluster wants: the Kubernetes API, or a directory of manifests.
package protocol ServiceSource: Sendable {
    /// Hands events to `sink`, in order, until its task is cancelled.
    ///
    /// What cannot be read stays as it was, and is logged by the source.
    ///
    /// - Throws: only what makes it pointless to go on; the sink keeps what it was told.
    func run(_ sink: @escaping @Sendable (SourceEvent) -> Void) async throws

    /// What it has done so far; nil for a source that keeps no account.
    var activity: SourceActivity? { get }
}

extension ServiceSource {
    package var activity: SourceActivity? { nil }
}
