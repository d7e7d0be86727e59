import Manifests
import ServiceModel

extension FuzzTarget {
    static let manifests = [
        FuzzTarget(
            "manifest-yaml",
            seeds: FixtureFiles.contents("manifests/web.yaml", "manifests/everything.yaml")
                + [Array(reused.utf8)],
            inputs: 500
        ) { input throws(BrokenPromise) in
            try check(ManifestFile.decode(input, fileName: "web.yaml"))
        },
        FuzzTarget(
            "manifest-json",
            seeds: FixtureFiles.contents("kube-api/node.json", "kube-api/endpoints.json")
                + FixtureFiles.contents("kube-api/services-page1.json"),
            inputs: 800
        ) { input throws(BrokenPromise) in
            try check(ManifestFile.decode(input, fileName: "web.json"))
        },
    ]

    /// Anchors and aliases, which are worth more than they cost.
    private static let reused = """
        apiVersion: v1
        kind: List
        items:
        - &web {apiVersion: v1, kind: Service, metadata: {name: web, labels: &l {a: b}}}
        - *web
        - {<<: *web, metadata: {name: other, labels: *l}}
        """

    private static func check(_ decoded: DecodedManifests) throws(BrokenPromise) {
        try require(
            decoded.isComplete == decoded.problems.isEmpty,
            "is complete: \(decoded.isComplete), with problems \(decoded.problems)"
        )
        try require(decoded.problems.count <= 21, "there are \(decoded.problems.count) problems")
        for entry in decoded.entries where entry.object.change != nil {
            // They get into rules and records.
            let name = entry.object.reference.name
            try require(
                // Letters, digits, "-", "." and the "/" between namespace and name.
                name.description.utf8.allSatisfy {
                    (0x61...0x7a).contains($0) || (0x2d...0x39).contains($0)
                },
                "an object with the name \(name) counts"
            )
        }
        for problem in decoded.problems { try requireWords(problem.message) }
        for notice in decoded.notices { try requireWords(notice.message) }
    }
}
