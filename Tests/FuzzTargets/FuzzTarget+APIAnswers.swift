import KubernetesWatch
import Manifests
import ServiceModel

extension FuzzTarget {
    static let apiAnswers = [
        FuzzTarget(
            "watch-event",
            seeds: FixtureFiles.lines("kube-api/watch-services.jsonl", "kube-api/watch-list.jsonl")
                + FixtureFiles.lines("kube-api/watch-expired.jsonl"),
            inputs: 800
        ) { input throws(BrokenPromise) in
            for kind in ObjectKind.allCases {
                do throws(UnreadableDocument) {
                    _ = try KubernetesObject.decodeEvent(of: kind, json: input)
                } catch {
                    try requireWords(error.message)
                }
            }
        },
        FuzzTarget(
            "api-answer",
            seeds: FixtureFiles.contents(
                "kube-api/services.json",
                "kube-api/endpointslices.json",
                "kube-api/endpoints.json",
                "kube-api/node.json",
                "kube-api/version.json",
                "kube-api/apis-discovery.json",
                "kube-api/not-found.json"
            ),
            inputs: 250
        ) { input throws(BrokenPromise) in
            for kind in ObjectKind.allCases {
                do throws(UnreadableDocument) {
                    _ = try KubernetesObject.decodeList(of: kind, json: input)
                } catch {
                    try requireWords(error.message)
                }
                do throws(UnreadableDocument) {
                    _ = try KubernetesObject.decode(kind, json: input)
                } catch {
                    try requireWords(error.message)
                }
            }
            _ = KubernetesObject.decodeStatus(json: input)
            _ = try? ServerDescription.groupVersions(json: input)
            _ = ServerDescription.minorVersion(json: input)
            _ = ServerDescription.version(json: input)
        },
        FuzzTarget(
            "watch-stream",
            seeds: FixtureFiles.contents("kube-api/watch-list.jsonl")
                + ["\n\n", "a\n\nb", "\n"].map { Array($0.utf8) },
            inputs: 1000
        ) { input throws(BrokenPromise) in
            try checkLines(of: input, limit: 3000)
        },
    ]

    /// Holds the lines of a stream in pieces, whose lengths the input itself gives, to those of the
    /// whole.
    private static func checkLines(of input: [UInt8], limit: Int) throws(BrokenPromise) {
        var whole = LineSplitter(limit: limit)
        let wanted = whole.lines(endedBy: input)
        var pieces = LineSplitter(limit: limit)
        var found: [[UInt8]]? = []
        var rest = input[...]
        while let first = rest.first {
            let piece = rest.prefix(1 + Int(first))
            rest = rest.dropFirst(piece.count)
            guard let lines = pieces.lines(endedBy: Array(piece)) else {
                found = nil
                break
            }
            found? += lines
        }
        try require(found == wanted, "a stream in pieces has other lines than the whole of it")
        let isWithinLimit = wanted?.allSatisfy { !$0.isEmpty && $0.count <= limit } ?? true
        try require(isWithinLimit, "a line is empty, or longer than it may be")
    }
}
