import Addressing
import ServiceModel
import Testing
import TestSupport

/// What the table shows depends on the last word about each object, and not on the order in which
/// different objects were spoken of.
@Suite struct OrderOfArrivalTests {
    private static let services = ["a", "b", "c"].map { ObjectName($0) }
    private static let slices = ["p", "q", "r", "s"].map { ObjectName($0) }
    private static let ports = [
        ServicePort(name: "http", port: 80), ServicePort(name: "dns", transport: .udp, port: 53),
        ServicePort(port: 8080),
    ]

    /// Everything that can be read of the table.
    private struct Picture: Equatable {
        var services: [ObjectName: Service] = [:]
        var endpoints: [String: [PortEndpoint]] = [:]

        init(_ table: ServiceTable) {
            for name in OrderOfArrivalTests.services {
                guard let view = table.view(of: name) else { continue }
                services[name] = view.service
                for port in OrderOfArrivalTests.ports {
                    for family in AddressFamily.allCases {
                        endpoints["\(name) \(port.name) \(family)"] = view.endpoints(
                            of: port,
                            family: family
                        )
                    }
                }
            }
        }

        /// Whether both show the same of one Service.
        func agrees(with other: Picture, about name: ObjectName) -> Bool {
            services[name] == other.services[name]
                && endpoints.filter { $0.key.hasPrefix("\(name) ") }
                    == other.endpoints.filter { $0.key.hasPrefix("\(name) ") }
        }
    }

    private static func slice(
        _ name: ObjectName,
        of service: ObjectName,
        _ generator: inout SeededGenerator
    ) -> EndpointSlice {
        let family: AddressFamily = generator.pick([.ipv4, .ipv4, .ipv6])
        let ports = ports.filter { _ in Bool.random(using: &generator) }.map {
            EndpointPort(
                name: $0.name,
                transport: $0.transport,
                port: generator.pick([8080, 9090])
            )
        }
        let endpoints = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            let host = UInt32.random(in: 1...4, using: &generator)
            return Endpoint(
                address: family == .ipv4
                    ? .ipv4(host) : .ipv6(high: 0xfd00 << 48, low: UInt64(host)),
                conditions: EndpointConditions(rawValue: .random(in: 0...7, using: &generator)),
                nodeName: generator.pick([nil, "m", "n"]),
                zone: generator.pick([nil, "x", "y"])
            )
        }
        return EndpointSlice(
            name: name,
            service: service,
            family: family,
            ports: ports,
            endpoints: endpoints
        )
    }

    /// For each object the changes to it, in their order.
    private static func histories(_ generator: inout SeededGenerator) -> [[ClusterChange]] {
        var histories: [[ClusterChange]] = []
        for name in services {
            histories.append(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    generator.pick([0, 1, 1]) == 0
                        ? .serviceRemoved(name)
                        : .service(Service(name.name, host: .random(in: 1...3, using: &generator)))
                }
            )
            histories.append(
                (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                    generator.pick([0, 1, 1]) == 0
                        ? .endpointsRemoved(name)
                        : .endpoints(name, [slice(name, of: name, &generator)])
                }
            )
        }
        for name in slices {
            histories.append(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    generator.pick([0, 1, 1]) == 0
                        ? .endpointSliceRemoved(name)
                        : .endpointSlice(
                            slice(name, of: generator.pick(services), &generator)
                        )
                }
            )
        }
        return histories
    }

    /// The changes of all histories, mixed; those of each stay in their order.
    private static func mixed(
        _ histories: [[ClusterChange]],
        _ generator: inout SeededGenerator
    ) -> [ClusterChange] {
        var left = histories.map { $0[...] }.filter { !$0.isEmpty }
        var changes: [ClusterChange] = []
        while !left.isEmpty {
            let index = Int.random(in: left.indices, using: &generator)
            if let change = left[index].popFirst() { changes.append(change) }
            if left[index].isEmpty { left.remove(at: index) }
        }
        return changes
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func showsTheSameInWhateverOrderObjectsArrive(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let histories = Self.histories(&generator)
        var reference = ServiceTable()
        // Last words only: whatever was said before them must leave no trace.
        for change in histories.compactMap(\.last) { _ = reference.touched(by: change) }
        for _ in 0..<5 {
            var table = ServiceTable()
            for change in Self.mixed(histories, &generator) { _ = table.touched(by: change) }
            #expect(Picture(table) == Picture(reference))
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func leavesOutNoServiceWhosePictureChanged(seed: UInt64) {
        var generator = SeededGenerator(seed: 1_000 + seed)
        let changes = Self.mixed(Self.histories(&generator), &generator)
        var table = ServiceTable()
        var before = Picture(table)
        for change in changes {
            let touched = table.touched(by: change)
            let after = Picture(table)
            for name in Self.services where !touched.contains(name.name) {
                #expect(after.agrees(with: before, about: name), "\(change) left out \(name)")
            }
            #expect(Set(touched).count == touched.count, "\(change) touched \(touched)")
            #expect(table.touched(by: change).isEmpty, "\(change) repeated")
            before = after
        }
    }
}
