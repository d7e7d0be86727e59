import Addressing
import DataplaneModel

extension ConformanceCase {
    /// The contract of `Dataplane`, case by case; with a scheduler where it does not matter which.
    static func all(scheduler: Scheduler) -> [ConformanceCase] {
        let samples = ConformanceSamples(scheduler: scheduler)
        return samples.virtualServerCases + samples.realServerCases + addressCases
            + recordCases(samples) + setCases + filterCases
    }

    private static let addressCases: [ConformanceCase] = {
        guard let first = try? IPAddress("10.96.0.1"), let second = try? IPAddress("fd00:96::1"),
            let source = try? IPAddress("192.0.2.10"), let source6 = try? IPAddress("2001:db8::10")
        else { preconditionFailure("the addresses of the suite") }
        let route = Announcement.route(source: source)
        let route6 = Announcement.route(source: source6)
        return [
            ConformanceCase(
                name: "nothing is announced before the device is there",
                needs: [.device],
                steps: [
                    .fails(.announce(first, route), .noDevice),
                    .fails(.announce(first, .bound), .noDevice),
                ]
            ),
            ConformanceCase(
                name: "preparing the device can be repeated",
                needs: [.device],
                steps: [.succeeds(.prepareDevice), .succeeds(.prepareDevice)]
            ),
            ConformanceCase(
                name: "an address is announced by a route with a source, and withdrawn",
                needs: [.device],
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
                needs: [.device],
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
                needs: [.device],
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

    /// Claims on virtual servers that are there are one thing, those on what is not another.
    private static func recordCases(_ samples: ConformanceSamples) -> [ConformanceCase] {
        let (web, mark6, dns) = (samples.web, samples.mark6, samples.dns)
        let address = samples.endpoint("fd00:96::1", 0).address
        return [
            ConformanceCase(
                name: "claims are kept, renamed and released",
                needs: [.record],
                steps: [
                    .succeeds(.claim(.virtualServer(web), "default/web:http")),
                    .succeeds(.claim(.virtualServer(mark6), "default/web")),
                    .succeeds(.claim(.address(address), "")),
                    .succeeds(.claim(.virtualServer(web), "default/other:http")),
                    .succeeds(.release(.virtualServer(mark6))),
                    .succeeds(.release(.virtualServer(dns))),
                ]
            ),
            ConformanceCase(
                name: "claims on virtual servers that are there are kept, renamed and released",
                steps: samples.marking + [
                    .succeeds(.claim(.address(address), "")),
                    .succeeds(.claim(.virtualServer(web), "default/web:http")),
                    .succeeds(.claim(.virtualServer(mark6), "default/web")),
                    .succeeds(.addVirtualServer(samples.server(web))),
                    .succeeds(.addVirtualServer(samples.server(mark6))),
                    .succeeds(.addRealServer(samples.pod(1), of: web)),
                    .succeeds(.claim(.virtualServer(web), "default/other:http")),
                    .succeeds(.deleteVirtualServer(mark6)),
                    .succeeds(.release(.virtualServer(mark6))),
                    .succeeds(.addVirtualServer(samples.server(dns))),
                    .succeeds(.release(.virtualServer(dns))),
                ]
            ),
        ]
    }
}
