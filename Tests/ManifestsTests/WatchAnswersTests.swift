import Addressing
import Manifests
import ServiceModel
import Testing

/// What an API server of Kubernetes 1.36 sent on watches.
@Suite struct WatchAnswersTests {
    private func lines(_ file: String) throws -> [[UInt8]] {
        try fixture("kube-api/\(file)").split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    @Test func aServiceIsAddedModifiedAndDeleted() throws {
        let events = try lines("watch-services.jsonl").map {
            try KubernetesObject.decodeEvent(of: .service, json: $0)
        }
        let kinds = events.compactMap { event -> DecodedEvent.Kind? in
            if case .object(let kind, _, _, _) = event { kind } else { nil }
        }
        #expect(kinds == [.added, .modified, .deleted])
        let versions = events.compactMap { event -> String? in
            switch event {
            case .object(_, let object, let version, _):
                object.reference.description == "Service default/late" ? version : nil
            case .bookmark(let version, false): version
            default: nil
            }
        }
        #expect(versions == ["118", "119", "120", "120"])
    }

    @Test func aStreamedListEndsWithABookmark() throws {
        let events = try lines("watch-list.jsonl").map {
            try KubernetesObject.decodeEvent(of: .endpointSlice, json: $0)
        }
        let listed = try KubernetesObject.decodeList(
            of: .endpointSlice,
            json: try fixture("kube-api/endpointslices.json")
        )
        let objects = events.compactMap { event -> DecodedObject? in
            if case .object(.added, let object, _, _) = event { object } else { nil }
        }
        #expect(objects == listed.objects)
        let ends = events.compactMap { event -> String? in
            if case .bookmark(let version, endsList: true) = event { version } else { nil }
        }
        #expect(ends.count == 1)
    }

    @Test func theTimeOfTheChangeBehindASliceIsRead() throws {
        let line = try #require(try lines("watch-list.jsonl").first)
        guard
            case .object(_, _, _, let trigger) = try KubernetesObject.decodeEvent(
                of: .endpointSlice,
                json: line
            )
        else {
            Issue.record("no object")
            return
        }
        // date -u -d 2026-11-21T01:00:00Z +%s
        #expect(trigger == 1_795_222_800_000)
    }

    @Test func anExpiredVersionIsAnError() throws {
        let line = try #require(try lines("watch-expired.jsonl").first)
        var status = DecodedStatus()
        status.code = 410
        status.reason = "Expired"
        status.message = "too old resource version: 5 (137)"
        #expect(try KubernetesObject.decodeEvent(of: .service, json: line) == .error(status))
    }

    @Test(arguments: [
        ("services-unauthorized.json", 401, "Unauthorized"), ("not-found.json", 404, "NotFound"),
    ])
    func aRefusalIsRead(file: String, code: Int, reason: String) throws {
        let status = try #require(
            KubernetesObject.decodeStatus(json: try fixture("kube-api/\(file)"))
        )
        #expect(status.code == code)
        #expect(status.reason == reason)
    }

    @Test func theServerSaysWhatItHas() throws {
        #expect(
            try ServerDescription.groupVersions(json: fixture("kube-api/apis-discovery.json"))
                == ["v1"]
        )
        #expect(ServerDescription.minorVersion(json: try fixture("kube-api/version.json")) == "36")
        #expect(ServerDescription.minorVersion(json: Array("<html>".utf8)) == nil)
    }

    @Test func theLabelSelectorLeavesTheRestAside() throws {
        let all = try KubernetesObject.decodeList(
            of: .service,
            json: try fixture("kube-api/services.json")
        )
        let selected = try KubernetesObject.decodeList(
            of: .service,
            json: try fixture("kube-api/services-selector.json")
        )
        #expect(Set(selected.objects).isSubset(of: Set(all.objects)))
        #expect(!selected.objects.isEmpty)
    }

    @Test func eachPageHasATokenOfItsOwn() throws {
        let tokens = try (1...2).map { number in
            try KubernetesObject.decodeList(
                of: .service,
                json: try fixture("kube-api/services-page\(number).json")
            ).continueToken
        }
        #expect(tokens[0] != nil)
        #expect(tokens[1] != nil)
        #expect(tokens[0] != tokens[1])
    }

    static let malformed: [(String, String)] = [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "a mapping belongs here"),
        (#"{"type": "ADDED"}"#, "a mapping belongs here"),
        (#"{"type": "CHANGED", "object": {"metadata": {"name": "a"}}}"#, "\"CHANGED\" is no type"),
        (#"{"type": "ADDED", "object": {"metadata": {}}}"#, "Service without a name"),
        (#"{"type": "ADDED", "object": 5}"#, "a mapping belongs here"),
        (#"{"type": 5, "object": {}}"#, "type"),
        (#"{"type": "ERROR", "object": {"kind": "Service"}}"#, "is no Status"),
    ]

    @Test(arguments: malformed)
    func aLineThatIsNoEventSaysWhy(line: String, words: String) {
        do throws(UnreadableDocument) {
            let event = try KubernetesObject.decodeEvent(of: .service, json: Array(line.utf8))
            Issue.record("\(event)")
        } catch {
            #expect(error.description.contains(words), "\(error)")
        }
    }

    @Test func anObjectThatIsWrongKeepsItsNameAndVersion() throws {
        let line = """
            {"type": "MODIFIED", "object": {"metadata": {"name": "web", "namespace": "shop", \
            "resourceVersion": "7"}, "spec": {"clusterIP": 5}}}
            """
        guard
            case .object(.modified, let object, "7", nil) = try KubernetesObject.decodeEvent(
                of: .service,
                json: Array(line.utf8)
            )
        else {
            Issue.record("no object")
            return
        }
        #expect(object.change == nil)
        #expect(object.problems.map(\.field) == ["spec.clusterIP"])
    }

    @Test func numbersWithLeadingZerosAreDecimalAsForTheServer() throws {
        let json = """
            {"metadata": {"name": "web"}, "spec": {"clusterIP": "010.096.000.011",
             "ports": [{"port": 80}]}}
            """
        let object = try KubernetesObject.decode(.service, json: Array(json.utf8))
        guard case .service(let service)? = object.change else {
            Issue.record("\(object.problems)")
            return
        }
        #expect(service.reachability == .clusterIPs([.ipv4(0x0a60_000b)]))
        #expect(object.problems.isEmpty)
        #expect(
            object.notices == [
                "Service default/web has \"010.096.000.011\" in spec.clusterIP, which is read as "
                    + "10.96.0.11"
            ]
        )
    }

    static let oldSlice = """
        {"metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
         "addressType": "IPv4", "ports": [{"name": "http", "port": 80}],
         "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true},
          "topology": {"kubernetes.io/hostname": "node-a", "topology.kubernetes.io/zone": "z"}}]}
        """

    @Test func slicesOfTheFormerVersionSayNodeAndZoneAsTopology() throws {
        let object = try KubernetesObject.decode(.endpointSlice, json: Array(Self.oldSlice.utf8))
        guard case .endpointSlice(let slice)? = object.change else {
            Issue.record("no slice")
            return
        }
        #expect(
            slice.endpoints == [
                Endpoint(address: .ipv4(0x0a00_0001), nodeName: "node-a", zone: "z")
            ]
        )
    }
}
