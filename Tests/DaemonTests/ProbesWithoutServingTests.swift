import Measurements
import ServiceModel
import Settings
import StatusServer
import Synchronization
import TestSupport
import Testing

@testable import Daemon

/// What is answered while the task that serves does nothing at all.
@Suite(.timeLimit(.minutes(1)))
struct ProbesWithoutServingTests {
    private let record = ServingRecord(FairleadConfiguration())

    private func page(_ mailbox: Mailbox, patience: Duration = .milliseconds(20)) -> MetricsPage {
        MetricsPage(
            MetricsSettings(),
            mailbox: mailbox,
            record: record,
            activity: { nil },
            failingPorts: { [("health", 1)] },
            lifetime: .seconds(3600),
            patience: patience
        )
    }

    @Test func whatIsKnownIsWrittenWithoutTheTaskThatServes() async throws {
        let mailbox = Mailbox(record: record)
        mailbox.post(.event(.changes([.nodeRemoved("a")])))
        mailbox.post(
            .event(.changes([.serviceRemoved(ObjectName(namespace: "default", name: "web"))]))
        )
        _ = record.livez()
        let answer = await page(mailbox).answer()
        #expect(answer.contentType == Exposition.contentType)
        let metrics = try ParsedExposition(answer.text)
        #expect(metrics["fairlead_scrape_complete"] == 0)
        #expect(metrics["kubeproxy_sync_proxy_rules_service_changes_pending"] == 1)
        #expect(metrics["kubeproxy_proxy_livez_total", ["code": "200"]] == 1)
        #expect(metrics["fairlead_listeners_failing", ["purpose": "health"]] == 1)
        #expect(metrics["fairlead_build_info", ["version": FairleadVersion.text]] == 1)
        #expect(metrics["process_resident_memory_bytes"] ?? 0 > 0)
        #expect(metrics["fairlead_services"] == nil)
    }

    @Test func whoAsksTogetherIsAnsweredTogether() async {
        let mailbox = Mailbox(record: record)
        let page = page(mailbox, patience: .seconds(60))
        await withTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { await page.answer().text } }
            let questions = await mailbox.take(until: nil)
            #expect(questions.count == 1)
            for question in questions { question.dismiss() }
            var texts: Set<String> = []
            for await text in group { texts.insert(text) }
            #expect(texts.count == 1)
        }
        #expect(mailbox.takeAll().isEmpty)
    }

    @Test func pagesSayWhatThereIs() async {
        let pages = MetricsPages(
            record: record,
            metrics: page(Mailbox(record: record)),
            configuration: "{}"
        )
        func ask(_ target: String, method: String = "GET") async -> StatusAnswer {
            await pages.answer(StatusServer.Request(method: method, target: target))
        }
        #expect(await ask("/healthz").text == "ok")
        #expect(await ask("/proxyMode").status == 503)
        #expect(await ask("/configz?x=y").text == "{\"fairlead.dev\":{}}\n")
        #expect(await ask("/debug/pprof/heap").status == 404)
        #expect(await ask("/").text.contains("/metrics"))
        let refused = await ask("/metrics", method: "DELETE")
        #expect(refused.status == 405)
        #expect(refused.otherHeaders.contains { $0 == ("Allow", "GET, HEAD") })
        let health = HealthPages(record: record)
        #expect(health.answer(StatusServer.Request(method: "POST", target: "/livez")).status == 200)
        #expect(
            health.answer(StatusServer.Request(method: "GET", target: "/metrics")).status == 404
        )
    }

    @Test func anAnswerIsWaitedForAndNotForEver() async {
        let late = Mutex<(@Sendable (Int?) -> Void)?>(nil)
        let nothing: Int? = await TimedAnswer.wait(.milliseconds(10)) { answer in
            late.withLock { $0 = answer }
        }
        #expect(nothing == nil)
        // Nobody waits for it any more.
        late.withLock { $0?(1) }
        let something: Int? = await TimedAnswer.wait(.seconds(60)) { $0(2) }
        #expect(something == 2)
        let dismissed: Int? = await TimedAnswer.wait(.seconds(60)) { $0(nil) }
        #expect(dismissed == nil)
    }
}
