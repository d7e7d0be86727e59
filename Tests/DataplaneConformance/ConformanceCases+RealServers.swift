import Addressing
import DataplaneModel

extension ConformanceSamples {
    var realServerCases: [ConformanceCase] {
        [
            ConformanceCase(
                name: "real servers of every forwarding method read back as they were written",
                needs: [.forwardingMethods],
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
                needs: [.forwardingMethods],
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
                steps: marking + [
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
                name:
                    "a negative weight answers ERANGE, before anything else about the real server",
                steps: [
                    .succeeds(.addVirtualServer(server(web))),
                    .fails(.addRealServer(edited(pod(1)) { $0.weight = -1 }, of: web), .outOfRange),
                    .succeeds(.addRealServer(pod(1), of: web)),
                    .fails(.addRealServer(edited(pod(1)) { $0.weight = -1 }, of: web), .outOfRange),
                    .fails(
                        .editRealServer(edited(pod(1)) { $0.weight = -1 }, of: web),
                        .outOfRange
                    ),
                    .fails(
                        .editRealServer(edited(pod(2)) { $0.weight = -1 }, of: web),
                        .outOfRange
                    ),
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
                needs: [.routeChecks],
                steps: [
                    .succeeds(.addVirtualServer(server(web))),
                    .fails(
                        .addRealServer(RealServer(address: endpoint("224.0.0.9", 80)), of: web),
                        .invalid
                    ),
                    .fails(
                        .addRealServer(
                            RealServer(address: endpoint("255.255.255.255", 80)),
                            of: web
                        ),
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
                needs: [.forwardingMethods],
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
                name: "editing a real server changes its weight, from nothing to much and back",
                steps: [
                    .succeeds(.addVirtualServer(server(web))),
                    .succeeds(.addRealServer(edited(pod(1)) { $0.weight = 0 }, of: web)),
                    .succeeds(.addRealServer(edited(pod(2)) { $0.weight = 65_535 }, of: web)),
                ]
                    + [1, 65_535, 3, 0, 1].map { weight in
                        .succeeds(.editRealServer(edited(pod(1)) { $0.weight = weight }, of: web))
                    }
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
                name: "a failure in the middle of some does not stop those behind it",
                steps: failingInTheMiddle(of: 9)
            ),
            ConformanceCase(
                name: "a failure in the middle of many does not stop those behind it",
                needs: [.quickWrites],
                steps: failingInTheMiddle(of: 250)
            ),
        ]
    }

    private func failingInTheMiddle(of count: Int) -> [ConformanceCase.Step] {
        [.succeeds(.addVirtualServer(server(web)))]
            + (1...count).map { .succeeds(.addRealServer(pod($0), of: web)) }
            + (1...count).map { .fails(.addRealServer(pod($0), of: web), .exists) }
            + [
                .fails(.addRealServer(pod(1), of: dns), .noSuchProcess),
                .succeeds(.addRealServer(pod(count + 1), of: web)),
            ]
    }
}
