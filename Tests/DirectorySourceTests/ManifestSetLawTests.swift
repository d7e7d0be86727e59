import Addressing
import DirectorySource
import Manifests
import ServiceModel
import Testing

/// What holds for any sequence of edits.
@Suite struct ManifestSetLawTests {
    private static let files = ["a.yaml", "b.yaml", "c.yaml", "d.yaml"]
    private static let names = ["k", "l", "m", "n", "o"]

    /// The state that a reader of the changes has, which also refuses changes that change nothing.
    private struct Reader: Equatable {
        var state: [ObjectReference: ClusterChange] = [:]

        mutating func apply(_ changes: [ClusterChange]) {
            for change in changes {
                switch change {
                case .service(let service):
                    let previous = state.updateValue(
                        change,
                        forKey: ObjectReference(.service, service.name)
                    )
                    #expect(previous != change)
                case .serviceRemoved(let name):
                    #expect(state.removeValue(forKey: ObjectReference(.service, name)) != nil)
                default:
                    Issue.record("only Services are written here")
                }
            }
        }
    }

    /// Says in the plainest way what counts, with what every file last said well.
    private struct Model {
        var files: [String: [(name: String, address: String?)]] = [:]

        mutating func edit(
            _ file: String,
            _ entries: [(name: String, address: String?)],
            isComplete: Bool
        ) {
            let previous = files[file] ?? []
            func last(_ name: String) -> String? { previous.first { $0.name == name }?.address }
            var current: [(name: String, address: String?)] = []
            for name in ManifestSetLawTests.names {
                let said = entries.filter { $0.name == name }
                let isKept = !isComplete && previous.contains { $0.name == name }
                guard !said.isEmpty || isKept else { continue }
                current.append((name, said.lazy.compactMap(\.address).first ?? last(name)))
            }
            files[file] = current
        }

        var state: [String: String] {
            var state: [String: String] = [:]
            for (_, entries) in files.sorted(by: { $0.key < $1.key }) {
                for entry in entries where state[entry.name] == nil {
                    state[entry.name] = entry.address
                }
            }
            return state
        }
    }

    private func addresses(_ reader: Reader) -> [String: String] {
        var addresses: [String: String] = [:]
        for case .service(let service) in reader.state.values {
            guard case .clusterIPs(let list) = service.reachability else { continue }
            addresses[service.name.name] = list.map(\.description).joined()
        }
        return addresses
    }

    private func decoded(
        _ entries: [(name: String, address: String?)],
        isComplete: Bool
    ) -> ManifestFileState {
        let text = entries.map { manifest($0.name, $0.address) }.joined()
        return .decoded(
            ManifestFile.decode(text + (isComplete ? "" : "---\n[\n"), fileName: "any.yaml")
        )
    }

    private func randomEntries(
        _ generator: inout Generator,
        allRight: Bool
    ) -> [(name: String, address: String?)] {
        (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            let isRight = allRight || Int.random(in: 0..<3, using: &generator) > 0
            let address = "10.0.0.\(Int.random(in: 1...3, using: &generator))"
            let name = Self.names[Int.random(in: 0..<Self.names.count, using: &generator)]
            return (name, isRight ? address : nil)
        }
    }

    @Test(arguments: 1...60)
    func changesInOrderAddUpToWhatTheFilesSay(seed: UInt64) {
        var generator = Generator(state: seed)
        var set = ManifestSet()
        var reader = Reader()
        var model = Model()
        for _ in 0..<40 {
            var states: [String: ManifestFileState] = [:]
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let file = Self.files[Int.random(in: 0..<Self.files.count, using: &generator)]
                guard states[file] == nil else { continue }
                switch Int.random(in: 0..<8, using: &generator) {
                case 0:
                    states[file] = .absent
                    model.files[file] = nil
                case 1:
                    states[file] = .unreadable("is a directory")
                default:
                    let entries = randomEntries(&generator, allRight: false)
                    let isComplete = Int.random(in: 0..<4, using: &generator) > 0
                    states[file] = decoded(entries, isComplete: isComplete)
                    model.edit(file, entries, isComplete: isComplete)
                }
            }
            reader.apply(set.update(states).changes)
            #expect(addresses(reader) == model.state)
            #expect(set.update(states).changes.isEmpty)
        }
        // Once all files are right, nothing is left of how they came to be so.
        var final: [String: ManifestFileState] = [:]
        for file in Self.files {
            final[file] = decoded(randomEntries(&generator, allRight: true), isComplete: true)
        }
        reader.apply(set.update(final).changes)
        var afresh = ManifestSet()
        var newReader = Reader()
        newReader.apply(afresh.update(final).changes)
        #expect(reader == newReader)
        #expect(set.update(final).reports.isEmpty)
    }

    /// SplitMix64, for tests that fail the same way twice.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }
}
