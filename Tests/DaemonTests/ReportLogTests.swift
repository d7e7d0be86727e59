import Addressing
import DataplaneModel
import Logging
import ServiceModel
import SocketTestSupport
import Testing

@testable import Daemon
@testable import Reconciliation

struct ReportLogTests {
    /// What is written, as the text handler orders it: level, metadata, message.
    private func lines(of report: ReconciliationReport) -> [String] {
        let written = Observed<[String]>([])
        ReportLog(logger: Logger(label: "test") { _ in Handler(written: written) })
            .write(report, took: .milliseconds(1), counts: nil)
        return written.value
    }

    private struct Handler: LogHandler {
        let written: Observed<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }
                .map { "\($0.key)=\"\($0.value)\" " }.joined()
            written.change { $0.append("\(event.level) \(fields)\(event.message)") }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }

    private static let web = ObjectReference(
        .service,
        ObjectName(namespace: "default", name: "web")
    )
    private static let other = ObjectReference(
        .service,
        ObjectName(namespace: "default", name: "other")
    )
    private static let server = VirtualServerKey.address(
        SocketEndpoint(.ipv4(0x0a60_0050), 80),
        .tcp
    )
    private static let refusal = DataplaneError(action: "add it", code: .notPermitted)

    @Test func aProblemNamesItsObjectAndFieldAsMetadata() {
        var report = ReconciliationReport()
        report.newProblems = [
            ObjectProblem(Self.web, field: "spec.ports[0].port", message: "0 is no port"),
            ObjectProblem(Self.web, message: "is odd"),
        ]
        #expect(
            lines(of: report) == [
                #"warning field="spec.ports[0].port" object="Service default/web" "#
                    + "Service default/web: spec.ports[0].port: 0 is no port",
                #"warning object="Service default/web" Service default/web: is odd"#,
            ]
        )
        report.solvedProblems = report.newProblems
        report.newProblems = []
        #expect(
            lines(of: report) == [
                #"notice field="spec.ports[0].port" object="Service default/web" "#
                    + #"was="0 is no port" Service default/web is right again"#,
                #"notice object="Service default/web" was="is odd" "#
                    + "Service default/web is right again",
            ]
        )
    }

    @Test func anObjectWithANewProblemIsNotRightAgain() {
        var report = ReconciliationReport()
        report.newProblems = [ObjectProblem(Self.web, message: "is odd")]
        report.solvedProblems = [
            ObjectProblem(Self.web, message: "is even"),
            ObjectProblem(Self.other, message: "is odd"),
        ]
        #expect(
            lines(of: report) == [
                #"warning object="Service default/web" Service default/web: is odd"#,
                #"notice object="Service default/other" was="is odd" "#
                    + "Service default/other is right again",
            ]
        )
    }

    @Test(arguments: ["default/web:http", "default/web"])
    func aFailureNamesWhatFailedForWhomAndWhy(_ owner: String) {
        var report = ReconciliationReport()
        report.failures = [
            ReconciliationReport.Failure(
                subject: .virtualServer(Self.server),
                owner: owner,
                error: Self.refusal,
                retryIn: .seconds(2)
            )
        ]
        #expect(
            lines(of: report) == [
                #"error errno="EPERM" object="Service default/web" servicePort="\#(owner)" "#
                    + #"subject="virtual server TCP 10.96.0.80:80" "#
                    + "for \(owner): add it: EPERM; trying again in 2.00 s"
            ]
        )
    }

    @Test func whatBelongsToNoServiceNamesNone() {
        var report = ReconciliationReport()
        report.failures = [
            ReconciliationReport.Failure(
                subject: .node,
                owner: nil,
                error: Self.refusal,
                retryIn: .milliseconds(500)
            )
        ]
        report.recovered = [.filter(.ipv6)]
        report.auditError = Self.refusal
        #expect(
            lines(of: report) == [
                #"error errno="EPERM" subject="the node" add it: EPERM; trying again in 500.00 ms"#,
                #"notice subject="the packet filter for IPv6" "#
                    + "the packet filter for IPv6 is in order again",
                #"error errno="EPERM" the kernel could not be audited: add it: EPERM"#,
            ]
        )
    }

    @Test func whatSomethingElseChangedIsNamed() {
        var report = ReconciliationReport()
        report.driftByFamily = [.ipv4: 2]
        report.drifted.note(.deleteVirtualServer(Self.server), owner: "default/web:http")
        report.drifted.note(.prepareDevice, owner: nil)
        #expect(
            lines(of: report) == [
                "warning something else changed what was programmed; repaired in 2 steps: virtual "
                    + "server TCP 10.96.0.80:80 (default/web:http), service device"
            ]
        )
    }
}
