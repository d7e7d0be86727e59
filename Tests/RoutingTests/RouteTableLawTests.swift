import Addressing
import Routing
import ServiceModel
import Testing
import TestSupport

/// What holds after any sequence of replacements.
@Suite struct RouteTableLawTests {
    private static let services = ["a", "b", "c", "d", "e"]
    private static let keys = (1...4).map { FrontendKey(host: $0) }

    /// Says in the plainest way who holds what: of all claims on a key, the oldest.
    private struct Model {
        var claims: [String: [Frontend]] = [:]

        var holders: [FrontendKey: Frontend] {
            claimants.compactMapValues(\.first)
        }

        /// The claims on each key, oldest first.
        var claimants: [FrontendKey: [Frontend]] {
            Dictionary(grouping: claims.values.joined(), by: \.key).mapValues { claims in
                claims.sorted {
                    let (left, right) = ($0.creationTime ?? .max, $1.creationTime ?? .max)
                    return left == right ? $0.service < $1.service : left < right
                }
            }
        }
    }

    private func frontends(of service: String, _ generator: inout SeededGenerator) -> [Frontend] {
        let created: Int64? = generator.pick([nil, 1, 2, 3])
        return Self.keys.filter { _ in Bool.random(using: &generator) }.map {
            Frontend(service, at: $0, created: created, backend: generator.pick([nil, 1, 2]))
        }
    }

    private func holders(_ table: RouteTable) -> [FrontendKey: Frontend] {
        Dictionary(
            uniqueKeysWithValues: table.keys.compactMap { key in table[key].map { (key, $0) } }
        )
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func endsWhereATableFromScratchBegins(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = RouteTable()
        var model = Model()
        for _ in 0..<60 {
            let service = generator.pick(Self.services)
            let frontends = frontends(of: service, &generator)
            let before = holders(table)
            let changed = table.changes(service, with: frontends)
            model.claims[service] = frontends

            let after = holders(table)
            #expect(after == model.holders)
            #expect(table.count == after.count)
            let different = Self.keys.filter { before[$0] != after[$0] }
            #expect(Set(changed).isSuperset(of: different))
            let losers = model.claimants.values.flatMap { $0.dropFirst() }
            #expect(
                table.conflicts.map(\.object.name).sorted()
                    == losers.map(\.service.service).sorted()
            )

            var scratch = RouteTable()
            for (service, frontends) in model.claims.shuffled(using: &generator) {
                _ = scratch.changes(service, with: frontends)
            }
            #expect(holders(scratch) == after)
            #expect(scratch.conflicts == table.conflicts)
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func namesNoKeyWhoseHolderStayed(seed: UInt64) {
        var generator = SeededGenerator(seed: 500 + seed)
        var table = RouteTable()
        for _ in 0..<60 {
            let service = generator.pick(Self.services)
            let before = holders(table)
            let changed = table.changes(service, with: frontends(of: service, &generator))
            let after = holders(table)
            #expect(changed == Self.keys.filter { before[$0] != after[$0] })
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func isEmptyOnceEverybodyHasLetGo(seed: UInt64) {
        var generator = SeededGenerator(seed: 900 + seed)
        var table = RouteTable()
        for _ in 0..<30 {
            let service = generator.pick(Self.services)
            _ = table.changes(service, with: frontends(of: service, &generator))
        }
        for service in Self.services.shuffled(using: &generator) {
            _ = table.changes(service, with: [])
        }
        #expect(table.count == 0)
        #expect(table.keys.isEmpty)
        #expect(table.conflicts.isEmpty)
    }
}
