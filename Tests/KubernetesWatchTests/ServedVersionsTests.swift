import KubernetesWatch
import Testing

@Suite struct ServedVersionsTests {
    @Test(arguments: [
        (["v1"], "/apis/discovery.k8s.io/v1/endpointslices"),
        (["v1beta1", "v1"], "/apis/discovery.k8s.io/v1/endpointslices"),
        (["v1beta1"], "/apis/discovery.k8s.io/v1beta1/endpointslices"),
        (["v2"], "/api/v1/endpoints"),
        ([], "/api/v1/endpoints"),
    ])
    func endpointsComeFromTheBestThatTheServerHas(versions: [String], path: String) {
        let served = ServedVersions(discoveryVersions: versions, minorVersion: 36)
        #expect(served.endpoints.path == path)
    }

    @Test(arguments: [
        ("20", false), ("20+", false), ("26", false), ("27", true), ("36", true), ("36+", true),
        ("", false), ("x", false),
    ])
    func listsAreStreamedOnlyByServersThatKnowTheQuestion(minor: String, isAsked: Bool) {
        let served = ServedVersions(
            discoveryVersions: ["v1"],
            minorVersion: ServedVersions.number(ofMinor: minor)
        )
        #expect(served.mayStreamLists == isAsked)
    }
}
