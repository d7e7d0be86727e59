import Addressing
import DataplaneModel

extension ConformanceCase {
    /// The contract of `Dataplane`, case by case.
    package static let all: [ConformanceCase] =
        virtualServerCases + realServerCases + addressCases + recordCases + setCases
        + filterCases

    private static let web = VirtualServerKey.address(endpoint("10.96.0.1", 80), .tcp)
    private static let dns = VirtualServerKey.address(endpoint("10.96.0.10", 53), .udp)
    private static let signal = VirtualServerKey.address(endpoint("10.96.0.2", 9), .sctp)
    private static let web6 = VirtualServerKey.address(endpoint("fd00:96::1", 80), .tcp)
    private static let mark = VirtualServerKey.firewallMark(3001, .ipv4)
    private static let mark6 = VirtualServerKey.firewallMark(3001, .ipv6)
    private static let highMark = VirtualServerKey.firewallMark(0x8000_0001, .ipv4)

    private static func endpoint(_ address: String, _ port: UInt16) -> SocketEndpoint {
        guard let address = try? IPAddress(address) else { preconditionFailure(address) }
        return SocketEndpoint(address, port)
    }

    private static func server(
        _ key: VirtualServerKey,
        _ scheduler: Scheduler = .roundRobin
    ) -> VirtualServer {
        VirtualServer(key: key, scheduler: scheduler)
    }

    private static func pod(_ number: Int, port: UInt16 = 8080) -> RealServer {
        RealServer(address: endpoint("10.244.0.\(number)", port))
    }

    private static func pod6(_ number: Int) -> RealServer {
        RealServer(address: endpoint("fd00:244::\(number)", 8080))
    }

    private static func edited<Value>(_ value: Value, _ edit: (inout Value) -> Void) -> Value {
        var value = value
        edit(&value)
        return value
    }

    private static let unknownScheduler = Scheduler(rawValue: "nosuch")

    private static let virtualServerCases: [ConformanceCase] = [
        ConformanceCase(
            name: "a virtual server of every protocol and family can be added",
            steps: [web, dns, signal, web6, mark, mark6, highMark].map {
                .succeeds(.addVirtualServer(server($0)))
            }
        ),
        ConformanceCase(
            name: "every specification reads back as it was written",
            steps: [
                .succeeds(
                    .addVirtualServer(
                        edited(server(web, .maglevHashing)) {
                            $0.schedulerFlags = [.first, .second]
                            $0.persistence = Persistence(timeout: 10_800, prefixLength: 24)
                        }
                    )
                ),
                .succeeds(
                    .addVirtualServer(
                        edited(server(dns, .sourceHashing)) {
                            $0.schedulerFlags = [.second]
                            $0.onePacket = true
                        }
                    )
                ),
                .succeeds(
                    .addVirtualServer(
                        edited(server(web6, .weightedLeastConnection)) {
                            $0.persistence = Persistence(timeout: 300, prefixLength: 64)
                        }
                    )
                ),
                .succeeds(
                    .addVirtualServer(
                        edited(server(mark)) {
                            $0.schedulerFlags = .all
                            $0.persistence = Persistence(timeout: 1, family: .ipv4)
                        }
                    )
                ),
            ]
        ),
        ConformanceCase(
            name: "adding a virtual server that is there answers EEXIST, whatever its scheduler",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .fails(.addVirtualServer(server(web)), .exists),
                .fails(.addVirtualServer(server(web, .leastConnection)), .exists),
                .fails(.addVirtualServer(server(web, unknownScheduler)), .exists),
            ]
        ),
        ConformanceCase(
            name: "an unknown scheduler answers ENOENT, when adding and when editing",
            steps: [
                .fails(.addVirtualServer(server(web, unknownScheduler)), .noEntry),
                .succeeds(.addVirtualServer(server(web))),
                .fails(.editVirtualServer(server(web, unknownScheduler)), .noEntry),
            ]
        ),
        ConformanceCase(
            name: "an unknown persistence engine answers ENOENT",
            steps: [
                .fails(
                    .addVirtualServer(
                        edited(server(dns)) {
                            $0.persistence = Persistence(timeout: 60, family: .ipv4)
                            $0.persistenceEngine = "nosuch"
                        }
                    ),
                    .noEntry
                )
            ]
        ),
        ConformanceCase(
            name: "editing changes every part of a virtual server, and back",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .succeeds(
                    .editVirtualServer(
                        edited(server(web, .sourceHashing)) {
                            $0.schedulerFlags = [.first, .second]
                            $0.persistence = Persistence(timeout: 60, family: .ipv4)
                        }
                    )
                ),
                .succeeds(.editVirtualServer(server(web, .leastConnection))),
            ]
        ),
        ConformanceCase(
            name: "editing or deleting a virtual server that is not there answers ESRCH",
            steps: [
                .fails(.editVirtualServer(server(web)), .noSuchProcess),
                .fails(.editVirtualServer(server(web, unknownScheduler)), .noSuchProcess),
                .fails(.deleteVirtualServer(web), .noSuchProcess),
                .fails(.deleteVirtualServer(mark6), .noSuchProcess),
            ]
        ),
        ConformanceCase(
            name: "an IPv6 netmask outside 1…128 answers EINVAL",
            steps: [UInt8(0), 129].map { length in
                .fails(
                    .addVirtualServer(
                        edited(server(web6)) {
                            $0.persistence = Persistence(timeout: 60, prefixLength: length)
                        }
                    ),
                    .invalid
                )
            }
        ),
        ConformanceCase(
            name: "deleting a virtual server takes its real servers along",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .succeeds(.addRealServer(pod(1), of: web)),
                .succeeds(.addRealServer(pod(2), of: web)),
                .succeeds(.deleteVirtualServer(web)),
                .succeeds(.addVirtualServer(server(web))),
            ]
        ),
        ConformanceCase(
            name: "timeouts are set one by one, and 0 leaves one as it is",
            steps: [
                .succeeds(.setTimeouts(ConnectionTimeouts(tcp: 3600, tcpFin: 60, udp: 30))),
                .succeeds(.setTimeouts(ConnectionTimeouts(udp: 120))),
                .succeeds(.setTimeouts(ConnectionTimeouts(tcp: 900))),
            ]
        ),
    ]

    private static let realServerCases: [ConformanceCase] = [
        ConformanceCase(
            name: "real servers of every forwarding method read back as they were written",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .succeeds(.addRealServer(edited(pod(1)) { $0.weight = 0 }, of: web)),
                .succeeds(.addRealServer(edited(pod(2)) { $0.weight = 65_535 }, of: web)),
                .succeeds(
                    .addRealServer(
                        edited(pod(3)) {
                            $0.upperThreshold = 100
                            $0.lowerThreshold = 10
                        },
                        of: web
                    )
                ),
                .succeeds(
                    .addRealServer(
                        edited(pod(4, port: 80)) { $0.forwarding = .directRouting },
                        of: web
                    )
                ),
                .succeeds(
                    .addRealServer(
                        edited(pod(5, port: 80)) { $0.forwarding = .tunnel },
                        of: web
                    )
                ),
                .succeeds(
                    .addRealServer(
                        edited(pod(6, port: 80)) {
                            $0.forwarding = .tunnel
                            $0.tunnel = Tunnel(kind: .gue, port: 6080, checksum: .computed)
                        },
                        of: web
                    )
                ),
                .succeeds(
                    .addRealServer(
                        edited(pod(7, port: 80)) {
                            $0.forwarding = .tunnel
                            $0.tunnel = Tunnel(kind: .gre, checksum: .none)
                        },
                        of: web
                    )
                ),
            ]
        ),
        ConformanceCase(
            name: "a tunnelled real server may be of the other family",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .succeeds(
                    .addRealServer(
                        RealServer(address: endpoint("fd00:244::1", 80), forwarding: .tunnel),
                        of: web
                    )
                ),
            ]
        ),
        ConformanceCase(
            name: "IPv6 and marked virtual servers have real servers too",
            steps: [
                .succeeds(.addVirtualServer(server(web6))),
                .succeeds(.addRealServer(pod6(1), of: web6)),
                .succeeds(.addRealServer(pod6(2), of: web6)),
                .succeeds(.addVirtualServer(server(mark))),
                .succeeds(.addRealServer(pod(1), of: mark)),
                .succeeds(.addVirtualServer(server(mark6))),
                .succeeds(.addRealServer(pod6(1), of: mark6)),
            ]
        ),
        ConformanceCase(
            name: "a real server of a virtual server that is not there answers ESRCH",
            steps: [
                .fails(.addRealServer(pod(1), of: web), .noSuchProcess),
                .fails(.editRealServer(pod(1), of: web), .noSuchProcess),
                .fails(.deleteRealServer(pod(1).address, of: web), .noSuchProcess),
            ]
        ),
        ConformanceCase(
            name: "adding a real server that is there answers EEXIST",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .succeeds(.addRealServer(pod(1), of: web)),
                .fails(.addRealServer(edited(pod(1)) { $0.weight = 7 }, of: web), .exists),
                .succeeds(.addRealServer(pod(1, port: 8081), of: web)),
            ]
        ),
        ConformanceCase(
            name: "editing or deleting a real server that is not there answers ENOENT",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .fails(.editRealServer(pod(1), of: web), .noEntry),
                .fails(.deleteRealServer(pod(1).address, of: web), .noEntry),
            ]
        ),
        ConformanceCase(
            name: "a negative weight answers ERANGE, before anything else about the real server",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .fails(.addRealServer(edited(pod(1)) { $0.weight = -1 }, of: web), .outOfRange),
                .succeeds(.addRealServer(pod(1), of: web)),
                .fails(.addRealServer(edited(pod(1)) { $0.weight = -1 }, of: web), .outOfRange),
                .fails(.editRealServer(edited(pod(1)) { $0.weight = -1 }, of: web), .outOfRange),
                .fails(.editRealServer(edited(pod(2)) { $0.weight = -1 }, of: web), .outOfRange),
            ]
        ),
        ConformanceCase(
            name: "a lower threshold above the upper one answers ERANGE",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .fails(
                    .addRealServer(
                        edited(pod(1)) {
                            $0.upperThreshold = 5
                            $0.lowerThreshold = 6
                        },
                        of: web
                    ),
                    .outOfRange
                ),
                .succeeds(.addRealServer(pod(1), of: web)),
                .fails(
                    .editRealServer(edited(pod(1)) { $0.lowerThreshold = 1 }, of: web),
                    .outOfRange
                ),
            ]
        ),
        ConformanceCase(
            name: "a real server without a unicast route answers EINVAL, unless it is there",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .fails(
                    .addRealServer(RealServer(address: endpoint("224.0.0.9", 80)), of: web),
                    .invalid
                ),
                .fails(
                    .addRealServer(RealServer(address: endpoint("255.255.255.255", 80)), of: web),
                    .invalid
                ),
                .succeeds(.addVirtualServer(server(web6))),
                .fails(
                    .addRealServer(RealServer(address: endpoint("ff02::9", 80)), of: web6),
                    .invalid
                ),
                .succeeds(.addRealServer(pod(1), of: web)),
            ]
        ),
        ConformanceCase(
            name: "editing a real server changes its weight and thresholds",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .succeeds(.addRealServer(pod(1), of: web)),
                .succeeds(
                    .editRealServer(
                        edited(pod(1)) {
                            $0.weight = 0
                            $0.upperThreshold = 9
                            $0.lowerThreshold = 3
                        },
                        of: web
                    )
                ),
                .succeeds(.editRealServer(pod(1), of: web)),
            ]
        ),
        ConformanceCase(
            name: "a real server can be deleted and added again",
            steps: [
                .succeeds(.addVirtualServer(server(web))),
                .succeeds(.addRealServer(pod(1), of: web)),
                .succeeds(.addRealServer(pod(2), of: web)),
                .succeeds(.deleteRealServer(pod(1).address, of: web)),
                .succeeds(.addRealServer(pod(1), of: web)),
                .succeeds(.deleteRealServer(pod(2).address, of: web)),
            ]
        ),
        ConformanceCase(
            name: "a failure in the middle of many does not stop those behind it",
            steps: [.succeeds(.addVirtualServer(server(web)))]
                + (1...250).map { .succeeds(.addRealServer(pod($0), of: web)) }
                + (1...250).map { .fails(.addRealServer(pod($0), of: web), .exists) }
                + [
                    .fails(.addRealServer(pod(1), of: dns), .noSuchProcess),
                    .succeeds(.addRealServer(pod(251), of: web)),
                ]
        ),
    ]

    private static let addressCases: [ConformanceCase] = {
        guard let first = try? IPAddress("10.96.0.1"), let second = try? IPAddress("fd00:96::1"),
            let source = try? IPAddress("192.0.2.10"), let source6 = try? IPAddress("2001:db8::10")
        else { preconditionFailure("the addresses of the suite") }
        let route = Announcement.route(source: source)
        let route6 = Announcement.route(source: source6)
        return [
            ConformanceCase(
                name: "nothing is announced before the device is there",
                steps: [
                    .fails(.announce(first, route), .noDevice),
                    .fails(.announce(first, .bound), .noDevice),
                ]
            ),
            ConformanceCase(
                name: "preparing the device can be repeated",
                steps: [.succeeds(.prepareDevice), .succeeds(.prepareDevice)]
            ),
            ConformanceCase(
                name: "an address is announced by a route with a source, and withdrawn",
                steps: [
                    .succeeds(.prepareDevice), .succeeds(.announce(first, route)),
                    .succeeds(.announce(second, route6)),
                    .fails(.announce(first, route), .exists),
                    .succeeds(.withdraw(first, route)),
                    .fails(.withdraw(first, route), .noSuchProcess),
                    .succeeds(.announce(first, .route(source: nil))),
                ]
            ),
            ConformanceCase(
                name: "an address is bound, and unbound",
                steps: [
                    .succeeds(.prepareDevice), .succeeds(.announce(first, .bound)),
                    .succeeds(.announce(second, .bound)),
                    .fails(.announce(first, .bound), .exists),
                    .succeeds(.withdraw(second, .bound)),
                    .fails(.withdraw(second, .bound), ErrorNumber(rawValue: 99)),
                ]
            ),
            ConformanceCase(
                name: "an announcement is replaced in place, by either kind",
                steps: [
                    .succeeds(.prepareDevice),
                    .succeeds(.announce(first, .route(source: nil))),
                    .succeeds(
                        .replaceAnnouncement(first, from: .route(source: nil), to: route)
                    ),
                    .succeeds(.replaceAnnouncement(first, from: route, to: .bound)),
                    .succeeds(.replaceAnnouncement(first, from: .bound, to: route)),
                    .succeeds(.announce(second, .route(source: nil))),
                    .succeeds(
                        .replaceAnnouncement(second, from: .route(source: nil), to: route6)
                    ),
                    .succeeds(.replaceAnnouncement(second, from: route6, to: .bound)),
                    .succeeds(.replaceAnnouncement(second, from: .bound, to: route6)),
                ]
            ),
        ]
    }()

    private static let recordCases: [ConformanceCase] = [
        ConformanceCase(
            name: "claims are kept, renamed and released",
            steps: [
                .succeeds(.claim(.virtualServer(web), "default/web:http")),
                .succeeds(.claim(.virtualServer(mark6), "default/web")),
                .succeeds(.claim(.address(endpoint("fd00:96::1", 0).address), "")),
                .succeeds(.claim(.virtualServer(web), "default/other:http")),
                .succeeds(.release(.virtualServer(mark6))),
                .succeeds(.release(.virtualServer(dns))),
            ]
        )
    ]
}
