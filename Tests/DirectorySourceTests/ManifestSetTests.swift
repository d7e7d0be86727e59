import Addressing
import DirectorySource
import Manifests
import ServiceModel
import Testing

@Suite struct ManifestSetTests {
    /// A file with Services: `"web": "10.0.0.1"`, or nil for one that is wrong.
    private func file(
        _ services: KeyValuePairs<String, String?>,
        isComplete: Bool = true
    ) -> ManifestFileState {
        var text = ""
        for (name, address) in services { text += manifest(name, address) }
        if !isComplete { text += "---\n[\n" }
        return .decoded(ManifestFile.decode(text, fileName: "any.yaml"))
    }

    private func change(_ name: String, _ address: UInt32) -> ClusterChange {
        .service(
            Service(
                name: self.name(name),
                reachability: .clusterIPs([.ipv4(address)]),
                ports: [ServicePort(port: 80)]
            )
        )
    }

    private func name(_ name: String) -> ObjectName {
        ObjectName(namespace: "default", name: name)
    }

    @Test func whatCannotBeUnderstoodIsKnownUntilItIsRight() {
        var set = ManifestSet()
        _ = set.update(["a.yaml": file(["a": "10.0.0.1"])])
        #expect(set.problems.isEmpty && set.isWhole)
        _ = set.update(["a.yaml": file(["a": "10.0.0.1"], isComplete: false)])
        #expect(set.problems.count == 1 && !set.isWhole)
        #expect(set.problems.first?.contains("a.yaml") == true)
        _ = set.update(["a.yaml": file(["a": "10.0.0.1"])])
        #expect(set.problems.isEmpty)
    }

    @Test func allFilesAreTakenInAtOnce() {
        var set = ManifestSet()
        let update = set.update([
            "b.yaml": file(["b": "10.0.0.2"]), "a.yaml": file(["a": "10.0.0.1"]),
        ])
        #expect(update.changes == [change("a", 0x0a00_0001), change("b", 0x0a00_0002)])
        #expect(update.reports.isEmpty)
        #expect(set.fileNames.sorted() == ["a.yaml", "b.yaml"])
    }

    @Test func sayingTheSameAgainChangesAndReportsNothing() {
        var set = ManifestSet()
        let states = [
            "a.yaml": file(["a": "10.0.0.1", "wrong": nil, "a": "10.0.0.2"], isComplete: false),
            "b.yaml": file(["a": "10.0.0.3"]),
            "c.yaml": .unreadable("is a directory"),
        ]
        #expect(!set.update(states).reports.isEmpty)
        let again = set.update(states)
        #expect(again.changes.isEmpty)
        #expect(again.reports.isEmpty)
    }

    @Test func aFileThatGoesAwayTakesItsObjectsAlong() {
        var set = ManifestSet()
        _ = set.update(["a.yaml": file(["a": "10.0.0.1", "b": "10.0.0.2"])])
        let update = set.update(["a.yaml": .absent])
        #expect(update.changes == [.serviceRemoved(name("a")), .serviceRemoved(name("b"))])
        #expect(update.reports.isEmpty)
        #expect(set.fileNames.isEmpty)
    }

    @Test func anObjectThatVanishesFromItsFileIsRemoved() {
        var set = ManifestSet()
        _ = set.update(["a.yaml": file(["a": "10.0.0.1", "b": "10.0.0.2"])])
        let update = set.update(["a.yaml": file(["b": "10.0.0.2", "c": "10.0.0.3"])])
        #expect(update.changes == [.serviceRemoved(name("a")), change("c", 0x0a00_0003)])
    }

    @Test func anObjectThatBecomesWrongKeepsItsLastGoodState() {
        var set = ManifestSet()
        _ = set.update(["a.yaml": file(["a": "10.0.0.1"])])
        let broken = set.update(["a.yaml": file(["a": nil])])
        #expect(broken.changes.isEmpty)
        #expect(
            broken.reports.map(\.description) == [
                "a.yaml: document 1: Service default/a: spec.clusterIP: \"wrong\" is not an IPv4 "
                    + "or IPv6 address"
            ]
        )
        let repaired = set.update(["a.yaml": file(["a": "10.0.0.2"])])
        #expect(repaired.changes == [change("a", 0x0a00_0002)])
        #expect(
            repaired.reports.map(\.description) == ["a.yaml: Service default/a: is right again"]
        )
    }

    @Test func whatAnIncompleteFileNoLongerShowsStaysAsItWas() {
        var set = ManifestSet()
        _ = set.update(["a.yaml": file(["a": "10.0.0.1", "b": "10.0.0.2"])])
        let broken = set.update(["a.yaml": file(["a": "10.0.0.3"], isComplete: false)])
        #expect(broken.changes == [change("a", 0x0a00_0003)])
        #expect(
            broken.reports.map(\.severity) == [.problem, .problem]
        )
        #expect(
            broken.reports.last?.message == "objects that were here and are not found now stay as "
                + "they were"
        )
        let repaired = set.update(["a.yaml": file(["a": "10.0.0.3"])])
        #expect(repaired.changes == [.serviceRemoved(name("b"))])
        #expect(repaired.reports.map(\.description) == ["a.yaml: is right again"])
    }

    @Test func aFileThatCannotBeReadStaysAsItWas() {
        var set = ManifestSet()
        _ = set.update(["a.yaml": file(["a": "10.0.0.1", "wrong": nil])])
        let unreadable = set.update(["a.yaml": .unreadable("cannot be read: Permission denied")])
        #expect(unreadable.changes.isEmpty)
        #expect(
            unreadable.reports.map(\.description) == ["a.yaml: cannot be read: Permission denied"]
        )
        let readable = set.update(["a.yaml": file(["a": "10.0.0.1", "wrong": nil])])
        #expect(readable.changes.isEmpty)
        #expect(readable.reports.map(\.description) == ["a.yaml: is right again"])
    }

    @Test func theFirstOfTwoFilesCountsAndTheOtherTakesOver() {
        var set = ManifestSet()
        let update = set.update([
            "a.yaml": file(["a": "10.0.0.1"]), "b.yaml": file(["a": "10.0.0.2"]),
        ])
        #expect(update.changes == [change("a", 0x0a00_0001)])
        #expect(
            update.reports.map(\.description) == [
                "b.yaml: document 1: Service default/a: is in a.yaml too, and that one counts"
            ]
        )
        let takeover = set.update(["a.yaml": .absent])
        #expect(takeover.changes == [change("a", 0x0a00_0002)])
        #expect(
            takeover.reports.map(\.description) == [
                "b.yaml: Service default/a: is in one place only again"
            ]
        )
        let comeback = set.update(["a.yaml": file(["a": "10.0.0.1"])])
        #expect(comeback.changes == [change("a", 0x0a00_0001)])
        #expect(comeback.reports.count == 1)
    }

    @Test func theFirstOfTwoDocumentsCounts() {
        var set = ManifestSet()
        let update = set.update(["a.yaml": file(["a": "10.0.0.1", "a": "10.0.0.2"])])
        #expect(update.changes == [change("a", 0x0a00_0001)])
        #expect(
            update.reports.map(\.description) == [
                "a.yaml: document 2: Service default/a: is here more than once; the first that is "
                    + "right counts"
            ]
        )
        #expect(set.update(["a.yaml": .absent]).changes == [.serviceRemoved(name("a"))])
    }

    @Test func aFileThatWasNeverRightStandsInNoOthersWay() {
        var set = ManifestSet()
        let update = set.update(["a.yaml": file(["a": nil]), "b.yaml": file(["a": "10.0.0.2"])])
        #expect(update.changes == [change("a", 0x0a00_0002)])
        #expect(
            set.update(["a.yaml": file(["a": "10.0.0.1"])]).changes == [
                change("a", 0x0a00_0001)
            ]
        )
        // Now it has a last good state, and that one counts.
        #expect(set.update(["a.yaml": file(["a": nil])]).changes.isEmpty)
    }

    @Test func anObjectThatMovesBetweenFilesIsNotRemovedOnTheWay() {
        for (from, to) in [("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")] {
            var set = ManifestSet()
            _ = set.update([from: file(["a": "10.0.0.1"])])
            let update = set.update([from: .absent, to: file(["a": "10.0.0.1"])])
            #expect(update.changes.isEmpty)
            #expect(update.reports.isEmpty)
        }
    }

    @Test func anObjectOfAnotherProxyIsNeverThere() {
        let text = """
            kind: Service
            apiVersion: v1
            metadata: {name: a, labels: {service.kubernetes.io/service-proxy-name: x}}
            """
        let other = ManifestFileState.decoded(ManifestFile.decode(text, fileName: "a.yaml"))
        var set = ManifestSet()
        let update = set.update(["a.yaml": other])
        #expect(update.changes.isEmpty)
        #expect(update.reports.map(\.severity) == [.notice])
        _ = set.update(["a.yaml": file(["a": "10.0.0.1"])])
        #expect(set.update(["a.yaml": other]).changes == [.serviceRemoved(name("a"))])
    }

    @Test func whatIsNotSeenForNowIsNotRightAgain() {
        var set = ManifestSet()
        _ = set.update(["a.yaml": file(["wrong": nil])])
        let update = set.update(["a.yaml": file([:], isComplete: false)])
        #expect(update.reports.allSatisfy { $0.severity == .problem })
        #expect(
            set.update(["a.yaml": file(["wrong": "10.0.0.1"])]).reports.map(\.description) == [
                "a.yaml: is right again", "a.yaml: Service default/wrong: is right again",
            ]
        )
    }

    private func nodes(_ text: String) -> ManifestFileState {
        .decoded(
            ManifestFile.decode(
                text.split(separator: " ").map {
                    let parts = $0.split(separator: "=")
                    return "---\n{kind: Node, apiVersion: v1, metadata: {name: \(parts[0])}, "
                        + "spec: {podCIDR: \(parts[1])}}\n"
                }.joined(),
                fileName: "any.yaml"
            )
        )
    }

    private func node(_ name: String, _ address: UInt32) -> ClusterChange {
        .node(Node(name: name, podCIDRs: [IPPrefix(holding: .ipv4(address), length: 24)]))
    }

    @Test func nodesComeAndGoByTheirNamesAlone() {
        var set = ManifestSet()
        let first = set.update(["a.yaml": nodes("a=10.0.0.0/24 b=10.0.1.0/24")])
        #expect(first.changes == [node("a", 0x0a00_0000), node("b", 0x0a00_0100)])
        #expect(first.reports.isEmpty)
        let second = set.update(["a.yaml": nodes("b=10.0.2.0/24")])
        #expect(second.changes == [.nodeRemoved("a"), node("b", 0x0a00_0200)])
        #expect(set.update(["a.yaml": .absent]).changes == [.nodeRemoved("b")])
    }

    @Test func ofTwoFilesWithANodeTheFirstCounts() {
        var set = ManifestSet()
        let both = set.update([
            "a.yaml": nodes("a=10.0.0.0/24"), "b.yaml": nodes("a=10.0.1.0/24"),
        ])
        #expect(both.changes == [node("a", 0x0a00_0000)])
        #expect(
            both.reports.map(\.description) == [
                "b.yaml: document 1: Node a: is in a.yaml too, and that one counts"
            ]
        )
        #expect(set.update(["a.yaml": .absent]).changes == [node("a", 0x0a00_0100)])
    }

    @Test func aServiceThatIsWrongInPartChangesAndIsReported() {
        let text = manifest("a", "10.0.0.1").replacing(
            "{clusterIP",
            with: "{externalIPs: [x], clusterIP"
        )
        var set = ManifestSet()
        let update = set.update([
            "a.yaml": .decoded(ManifestFile.decode(text, fileName: "a.yaml"))
        ])
        #expect(update.changes == [change("a", 0x0a00_0001)])
        #expect(
            update.reports.map(\.description) == [
                "a.yaml: document 1: Service default/a: spec.externalIPs[0]: \"x\" is not an IPv4 "
                    + "or IPv6 address"
            ]
        )
    }

    @Test func aProblemThatMovesWithinItsFileIsNotReportedAgain() {
        var set = ManifestSet()
        _ = set.update(["a.yaml": file(["wrong": nil])])
        #expect(set.update(["a.yaml": file(["b": "10.0.0.1", "wrong": nil])]).reports.isEmpty)
    }
}

/// A Service in YAML; one without an address gets a wrong one.
func manifest(_ name: String, _ address: String?) -> String {
    """
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: \(name)}
    spec: {clusterIP: \(address ?? "wrong"), ports: [{port: 80}]}

    """
}
