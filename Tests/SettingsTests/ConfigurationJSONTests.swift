import FoundationEssentials
import Settings
import Testing

/// The configuration as `/configz` shows it.
@Suite struct ConfigurationJSONTests {
    @Test(arguments: UInt64(0)..<50)
    func saysTheSameAsTheFile(seed: UInt64) throws {
        let configuration = FairleadConfiguration.generated(seed: seed)
        // JSON is YAML as well, and so a file that can be read.
        let again = try FairleadConfiguration.load(
            yaml: configuration.json(),
            fileName: "configz"
        )
        #expect(again == configuration)
    }

    @Test func isJSONWithNumbersAndTruthValues() {
        var configuration = FairleadConfiguration()
        configuration.stateDirectory = "/run/a \"b\"\\\u{7}ä"
        let text = configuration.json()
        #expect(text.hasPrefix(#"{"apiVersion":"fairlead.dev/v1alpha1","kind":"#))
        #expect(text.contains(#""maximumSeries":100000"#))
        #expect(text.contains(#""realServers":true"#))
        #expect(text.contains(#""coalesce":"0s""#))
        #expect(text.contains(#""clusterCIDRs":[]"#))
        #expect(text.contains(#""stateDirectory":"/run/a \"b\"\\\u0007ä""#))
        #expect(!text.contains("\n"))
    }

    private struct Shape: Decodable {
        let mode: String
        let metrics: Metrics

        struct Metrics: Decodable {
            let bindAddress: String
            let maximumSeries: Int
            let realServers: Bool
        }
    }

    @Test func otherReadersOfJSONReadIt() throws {
        let data = Data(FairleadConfiguration().json().utf8)
        let shape = try JSONDecoder().decode(Shape.self, from: data)
        #expect(shape.mode == "auto")
        #expect(shape.metrics.maximumSeries == 100_000)
        #expect(shape.metrics.realServers)
        #expect(shape.metrics.bindAddress == "127.0.0.1:10249")
    }
}
