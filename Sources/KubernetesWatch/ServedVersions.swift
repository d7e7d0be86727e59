/// What an API server has, as far as it decides how it is followed.
package struct ServedVersions: Hashable, Sendable {
    /// What says where endpoints are.
    package let endpoints: WatchedResource
    /// Whether a list may be asked for as a stream.
    package let mayStreamLists: Bool

    /// Chooses.
    ///
    /// `discoveryVersions` are those of the group `discovery.k8s.io`, none where the server has no
    /// such group. `minorVersion` is that of Kubernetes 1, nil where it is not known.
    package init(discoveryVersions: [String], minorVersion: Int?) {
        let known = ["v1", "v1beta1"]
        if let version = known.first(where: discoveryVersions.contains) {
            endpoints = .endpointSlices(version)
        } else {
            endpoints = .endpoints
        }
        // A server without such streams refuses to send one since 1.27; an older one does not
        // know the parameter, and sends a watch whose list never ends.
        mayStreamLists = (minorVersion ?? 0) >= 27
    }

    /// The number in `minor` of `/version`, which some distributions write as `20+`.
    package static func number(ofMinor text: String) -> Int? {
        Int(text.prefix { $0.isASCII && $0.isNumber })
    }
}
