import Addressing
import DataplaneModel

extension ConformanceCase {
    private static let inside = AddressSet(.inside, .ipv4)
    private static let inside6 = AddressSet(.inside, .ipv6)
    private static let cluster = AddressSet(.cluster, .ipv4)
    private static let cluster6 = AddressSet(.cluster, .ipv6)
    private static let allowed = AddressSet(.allowed, .ipv4)
    private static let addresses = AddressSet(.addresses, .ipv4)

    private static let web = frontend("10.96.0.1", 80)
    private static let web6 = frontend("fd00:96::1", 80)

    private static func address(_ text: String) -> IPAddress {
        guard let address = try? IPAddress(text) else { preconditionFailure(text) }
        return address
    }

    private static func frontend(
        _ text: String,
        _ port: UInt16,
        _ transport: TransportProtocol = .tcp
    ) -> SetMember {
        .frontend(SocketEndpoint(address(text), port), transport)
    }

    private static func permission(_ client: String, _ length: Int) -> SetMember {
        let client = address(client)
        let service = address(client.family == .ipv4 ? "10.96.0.1" : "fd00:96::1")
        return .permission(
            SocketEndpoint(service, 443),
            .tcp,
            IPPrefix(holding: client, length: length)
        )
    }

    private static func create(_ set: AddressSet, capacity: Int = 0) -> Step {
        .succeeds(.createSet(set, capacity: capacity))
    }

    private static func put(_ member: SetMember, _ mark: UInt32 = 0, in set: AddressSet) -> Step {
        .succeeds(.putMember(member, mark: mark, of: set))
    }

    private static func remove(_ member: SetMember, from set: AddressSet) -> Step {
        .succeeds(.removeMember(member, of: set))
    }

    /// Members of a set, of every form that there is of its kind.
    private static func members(of set: AddressSet) -> [SetMember] {
        let texts =
            set.family == .ipv4
            ? ["10.96.0.1", "255.255.255.255", "1.2.3.4"]
            : ["fd00:96::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::1"]
        let endpoints = texts.flatMap { text in
            [1, 80, 65_535].map { SocketEndpoint(address(text), $0) }
        }
        let frontends = endpoints.flatMap { endpoint in
            TransportProtocol.allCases.map { (endpoint, $0) }
        }
        switch set.kind {
        case .port: return [.port(0), .port(80), .port(65_535)]
        case .address: return texts.map { .address(address($0)) }
        case .addressPort: return frontends.map { .frontend($0, $1) }
        case .addressPortAddress: return frontends.map { .hairpin($0, $1) }
        case .addressPortPrefix:
            let bits = set.family.bits
            return frontends.flatMap { endpoint, transport in
                [1, 9, bits - 1, bits].map { length in
                    .permission(
                        endpoint,
                        transport,
                        IPPrefix(holding: address(texts[0]), length: length)
                    )
                }
            }
        }
    }

    static let setCases: [ConformanceCase] = [
        ConformanceCase(
            name: "every address set can be made, and made again when it is there",
            steps: AddressSet.all.map { create($0) } + AddressSet.all.map { create($0) }
        ),
        ConformanceCase(
            name: "making a set that is there keeps its members, whatever its capacity",
            steps: [
                create(cluster), put(web, in: cluster), create(cluster, capacity: 100_000),
            ]
        ),
        ConformanceCase(
            name: "members of every kind and family read back as they were put",
            steps: AddressSet.all.flatMap { set in
                [create(set)] + members(of: set).map { put($0, in: set) }
            }
        ),
        ConformanceCase(
            name: "members of every kind and family are removed, and the others stay",
            steps: AddressSet.all.flatMap { set in
                [create(set)] + members(of: set).map { put($0, in: set) }
                    + members(of: set).dropFirst().map { remove($0, from: set) }
            }
        ),
        ConformanceCase(
            name: "a member that is put again is there once, with its new mark",
            steps: [
                create(inside), create(inside6), put(web, 1, in: inside),
                put(frontend("10.96.0.1", 81), 0, in: inside),
                put(frontend("10.96.0.1", 82), 0xffff_ffff, in: inside),
                put(web6, 0x8000_0000, in: inside6), put(web, 0xfffff, in: inside),
                put(web, 0xfffff, in: inside), put(web6, 0, in: inside6),
            ]
        ),
        ConformanceCase(
            name: "a member is removed, put again and removed again, and one that is gone too",
            steps: [
                create(cluster), remove(web, from: cluster), put(web, in: cluster),
                remove(web, from: cluster), remove(web, from: cluster), put(web, in: cluster),
                put(frontend("10.96.0.1", 80, .udp), in: cluster), remove(web, from: cluster),
            ]
        ),
        ConformanceCase(
            name: "putting into a set that is not there, or removing from one, answers ENOENT",
            steps: [
                create(cluster),
                .fails(.putMember(web6, mark: 0, of: cluster6), .noEntry),
                .fails(.removeMember(web6, of: cluster6), .noEntry),
                put(web, in: cluster), create(cluster6), put(web6, in: cluster6),
            ]
        ),
        ConformanceCase(
            name: "a member that does not fit its set answers EINVAL, and the others are put",
            steps: [
                create(cluster), create(allowed), create(addresses), put(web, in: cluster),
                .fails(.putMember(web6, mark: 0, of: cluster), .invalid),
                .fails(.putMember(.port(80), mark: 0, of: cluster), .invalid),
                .fails(.putMember(web, mark: 7, of: cluster), .invalid),
                put(frontend("10.96.0.2", 80), in: cluster),
                .fails(.removeMember(web6, of: cluster), .invalid),
                put(permission("10.0.0.0", 8), in: allowed),
                .fails(.putMember(permission("0.0.0.0", 0), mark: 0, of: allowed), .invalid),
                .fails(.putMember(permission("fd00::", 8), mark: 0, of: allowed), .invalid),
                put(permission("192.0.2.1", 32), in: allowed),
                .fails(.putMember(.address(address("0.0.0.0")), mark: 0, of: addresses), .invalid),
                put(.address(address("10.96.0.1")), in: addresses),
            ]
        ),
        ConformanceCase(
            name: "a thousand members are put, marked anew and removed",
            steps: [create(inside, capacity: 1000), create(cluster)]
                + thousand.map { put($0, 5, in: inside) } + thousand.map { put($0, in: cluster) }
                + thousand.enumerated().map { put($1, UInt32($0), in: inside) }
                + thousand.dropLast().map { remove($0, from: cluster) }
        ),
    ]

    private static let thousand = (1...1000).map { number in
        SetMember.frontend(SocketEndpoint(.ipv4(0x0a60_0000 + UInt32(number)), 80), .tcp)
    }

    static let filterCases: [ConformanceCase] = AddressFamily.allCases.flatMap { family in
        let all = AddressSet.all.filter { $0.family == family }
        let other = AddressSet.all.filter { $0.family != family }
        let old = PacketFilter.example(family)
        let new = PacketFilter.changed(family)
        return [
            ConformanceCase(
                name: "a filter with every match and action is installed, for \(family)",
                steps: all.map { create($0) } + [.succeeds(.installFilter(old))]
            ),
            ConformanceCase(
                name:
                    "a filter takes the place of another, and the same can be put again (\(family))",
                steps: all.map { create($0) }
                    + [old, old, new, new, old].map { .succeeds(.installFilter($0)) }
            ),
            ConformanceCase(
                name: "a filter that looks into a set that is not there answers ENOENT (\(family))",
                steps: [
                    .fails(.installFilter(old), .noEntry), create(AddressSet(.cluster, family)),
                    .succeeds(.installFilter(new)), .fails(.installFilter(old), .noEntry),
                ]
            ),
            ConformanceCase(
                name: "the filters of both families are there beside each other (\(family) first)",
                steps: (all + other).map { create($0) }
                    + [old, PacketFilter.example(family == .ipv4 ? .ipv6 : .ipv4), new].map {
                        .succeeds(.installFilter($0))
                    }
            ),
        ]
    }
}
