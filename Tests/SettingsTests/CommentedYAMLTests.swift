import FoundationEssentials
import Settings
import Testing

@Suite struct CommentedYAMLTests {
    private static var root: URL {
        (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    }

    @Test("Every valid configuration survives printing and reading", arguments: 0..<200)
    func roundTrips(_ seed: UInt64) throws {
        let configuration = FairleadConfiguration.generated(seed: seed)
        let yaml = configuration.commentedYAML()
        #expect(try FairleadConfiguration.load(yaml: yaml, fileName: "f") == configuration)
    }

    @Test(
        "Every valid configuration survives being printed without its defaults",
        arguments: 0..<200
    )
    func compactRoundTrips(_ seed: UInt64) throws {
        let configuration = FairleadConfiguration.generated(seed: seed)
        let yaml = configuration.compactYAML()
        #expect(try FairleadConfiguration.load(yaml: yaml, fileName: "f") == configuration)
        #expect(yaml.utf8.count < configuration.commentedYAML().utf8.count / 2)
    }

    @Test("Without its defaults the default configuration is two lines")
    func compactDefaults() {
        #expect(FairleadConfiguration().compactYAML() == header)
    }

    @Test("The printed defaults are those on record")
    func defaults() throws {
        let file = Self.root.appending(path: "Tests/Fixtures/settings/defaults.yaml")
        let yaml = FairleadConfiguration().commentedYAML()
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try Data(yaml.utf8).write(to: file)
        }
        let recorded = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(yaml == recorded, "RECORD_SNAPSHOTS=1 records the new text")
    }

    @Test("No line is longer than a terminal of a hundred columns", arguments: 0..<20)
    func width(_ seed: UInt64) {
        let yaml = FairleadConfiguration.generated(seed: seed).commentedYAML()
        let comments = yaml.split(separator: "\n").filter { $0.contains("# ") }
        #expect(comments.allSatisfy { $0.count < 100 })
    }

    @Test("A changed value is printed beside the unchanged default")
    func defaultInComment() {
        var configuration = FairleadConfiguration()
        configuration.intervals.audit = .seconds(90)
        #expect(
            configuration.commentedYAML()
                .contains("# Allowed: 0s, or 1s…24h. Default: 1m.\n  audit: 1m30s\n")
        )
    }

    @Test("The example is read")
    func example() throws {
        let file = Self.root.appending(path: "Examples/configuration/fairlead.yaml")
        let yaml = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let configuration = try FairleadConfiguration.load(yaml: yaml, fileName: "fairlead.yaml")
        #expect(configuration.ipvs.namespaceSchedulers["games"]?.effectiveFlags == ["mh-fallback"])
        #expect(configuration.intervals.coalesce == .milliseconds(200))
        #expect(configuration.externalIPs.allowed?.count == 1)
    }
}
