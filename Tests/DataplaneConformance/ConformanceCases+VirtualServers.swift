import Addressing
import DataplaneModel

extension ConformanceSamples {
    var virtualServerCases: [ConformanceCase] {
        [
            ConformanceCase(
                name: "a virtual server of every protocol and family can be added",
                steps: marking
                    + [web, dns, signal, web6, mark, mark6, highMark].map {
                        .succeeds(.addVirtualServer(server($0)))
                    }
            ),
            ConformanceCase(
                name: "every specification reads back as it was written",
                needs: [.schedulers],
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
                name:
                    "adding a virtual server that is there answers EEXIST, whatever its scheduler",
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
                needs: [.schedulers],
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
                needs: [.schedulers],
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
                name: "persistence of a virtual server with real servers reads back, and is edited",
                steps: marking
                    + [
                        .succeeds(.addVirtualServer(server(web))),
                        .succeeds(.addRealServer(pod(1), of: web)),
                        .succeeds(.addRealServer(edited(pod(2)) { $0.weight = 0 }, of: web)),
                    ]
                    + [(10_800, 32), (60, 24), (60, 1)].map { timeout, length in
                        .succeeds(
                            .editVirtualServer(
                                edited(server(web)) {
                                    $0.persistence = Persistence(
                                        timeout: timeout,
                                        prefixLength: length
                                    )
                                }
                            )
                        )
                    } + [
                        .succeeds(.editRealServer(edited(pod(1)) { $0.weight = 0 }, of: web)),
                        .succeeds(.addVirtualServer(server(web6))),
                        .succeeds(.addRealServer(pod6(1), of: web6)),
                        .succeeds(
                            .editVirtualServer(
                                edited(server(web6)) {
                                    $0.persistence = Persistence(timeout: 300, prefixLength: 63)
                                }
                            )
                        ),
                        .succeeds(.addVirtualServer(server(mark))),
                        .succeeds(.addRealServer(pod(1), of: mark)),
                        .succeeds(
                            .editVirtualServer(
                                edited(server(mark)) {
                                    $0.persistence = Persistence(timeout: 1, family: .ipv4)
                                }
                            )
                        ),
                        .succeeds(.editVirtualServer(server(mark))),
                    ]
            ),
            ConformanceCase(
                name: "persistence reads back where nobody is to be returned to",
                needs: [.idlePersistence],
                steps: [
                    .succeeds(
                        .addVirtualServer(
                            edited(server(web)) {
                                $0.persistence = Persistence(timeout: 60, family: .ipv4)
                            }
                        )
                    )
                ]
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
                needs: [.timeouts],
                steps: [
                    .succeeds(.setTimeouts(ConnectionTimeouts(tcp: 3600, tcpFin: 60, udp: 30))),
                    .succeeds(.setTimeouts(ConnectionTimeouts(udp: 120))),
                    .succeeds(.setTimeouts(ConnectionTimeouts(tcp: 900))),
                ]
            ),
        ]
    }
}
