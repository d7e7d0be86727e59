import Addressing
import Measurements
import Testing

@Suite struct ProxyHealthTests {
    private func health() -> ProxyHealth { ProxyHealth(limit: .seconds(60)) }

    private func started() -> ProxyHealth {
        var health = health()
        health.ended(at: .seconds(1), synced: AddressFamily.allCases)
        return health
    }

    @Test(arguments: [
        (Duration.zero, Duration.seconds(60)), (.seconds(1), .seconds(60)),
        (.seconds(30), .seconds(60)), (.seconds(60), .seconds(120)),
        (.seconds(600), .seconds(1200)),
    ])
    func theLimitIsTwiceTheIntervalOfAuditsAndAtLeastAMinute(audit: Duration, limit: Duration) {
        #expect(ProxyHealth.limit(auditInterval: audit) == limit)
    }

    @Test func isWellBeforeAnythingIsKnown() {
        var health = health()
        #expect(health.report(at: .seconds(1000)).isHealthy)
        health.queued(at: .zero)
        health.taken()
        let report = health.report(at: .seconds(1000))
        #expect(report.isHealthy)
        #expect(report.families.isEmpty)
        #expect(report.lastSynced == nil)
    }

    @Test func aFirstRoundThatFailsCounts() {
        var health = health()
        health.queued(at: .zero)
        health.taken()
        health.ended(at: .seconds(1), synced: [.ipv6])
        #expect(health.report(at: .seconds(59)).isHealthy)
        let report = health.report(at: .seconds(60))
        #expect(!report.isHealthy)
        #expect(report.families[.ipv4] == ProxyHealth.Status(isHealthy: false, lastSynced: nil))
        #expect(
            report.families[.ipv6]
                == ProxyHealth.Status(isHealthy: true, lastSynced: .seconds(1))
        )
    }

    @Test func aChangeThatNobodyTakesMakesItUnhealthyAfterTheLimit() {
        var health = started()
        health.queued(at: .seconds(10))
        health.queued(at: .seconds(65))
        #expect(health.report(at: .milliseconds(69_999)).isHealthy)
        #expect(!health.report(at: .seconds(70)).isHealthy)
        health.taken()
        // The round hangs.
        #expect(!health.report(at: .seconds(71)).isHealthy)
        health.ended(at: .seconds(72), synced: AddressFamily.allCases)
        #expect(health.report(at: .seconds(10_000)).isHealthy)
        #expect(health.report(at: .seconds(10_000)).lastSynced == .seconds(72))
    }

    @Test func aChangeThatArrivesDuringARoundWaitsFromItsOwnArrival() {
        var health = started()
        health.queued(at: .seconds(10))
        health.taken()
        health.queued(at: .seconds(50))
        health.ended(at: .seconds(60), synced: AddressFamily.allCases)
        #expect(health.report(at: .milliseconds(109_999)).isHealthy)
        #expect(!health.report(at: .seconds(110)).isHealthy)
    }

    @Test func whatARoundLeavesUndoneCountsFromTheArrivalOfTheOldestChange() {
        var health = started()
        health.queued(at: .seconds(10))
        health.taken()
        health.ended(at: .seconds(11), synced: [.ipv4])
        health.queued(at: .seconds(60))
        health.taken()
        health.ended(at: .seconds(61), synced: [.ipv4])
        let report = health.report(at: .seconds(70))
        #expect(!report.isHealthy)
        #expect(report.families[.ipv4]?.isHealthy == true)
        #expect(report.families[.ipv6]?.isHealthy == false)
        #expect(health.hasUnsynced)
        // A later attempt, without any change, that succeeds.
        health.ended(at: .seconds(80), synced: AddressFamily.allCases)
        #expect(health.report(at: .seconds(500)).isHealthy)
        #expect(!health.hasUnsynced)
    }

    @Test func eligibilityOfTheNodeIsForHealthzAlone() {
        var health = started()
        health.isNodeEligible = false
        let report = health.report(at: .seconds(2))
        #expect(report.isHealthy)
        #expect(!HealthText.healthz(report, now: .seconds(2), wallClock: 0).isOK)
        #expect(HealthText.livez(report, now: .seconds(2), wallClock: 0).isOK)
    }

    @Test func saysItAsKubeProxyDoes() {
        var health = started()
        let wallClock: Int64 = 1_790_000_000_250_000
        let well = health.report(at: .seconds(3))
        #expect(
            HealthText.healthz(well, now: .seconds(3), wallClock: wallClock).body == """
                {"lastUpdated":"2026-09-21T14:13:20.25Z","currentTime":"2026-09-21T14:13:20.25Z",\
                "nodeEligible":true,"healthy":true,"status":{\
                "IPv4":{"lastUpdated":"2026-09-21T14:13:18.25Z","healthy":true},\
                "IPv6":{"lastUpdated":"2026-09-21T14:13:18.25Z","healthy":true}}}
                """
        )
        health.queued(at: .seconds(3))
        let ill = health.report(at: .seconds(63))
        let text = HealthText.livez(ill, now: .seconds(63), wallClock: wallClock)
        #expect(!text.isOK)
        #expect(
            text.body == """
                {"lastUpdated":"2026-09-21T14:12:18.25Z","currentTime":"2026-09-21T14:13:20.25Z",\
                "healthy":false,"status":{\
                "IPv4":{"lastUpdated":"2026-09-21T14:12:18.25Z","healthy":false},\
                "IPv6":{"lastUpdated":"2026-09-21T14:12:18.25Z","healthy":false}}}
                """
        )
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00Z"),
            (951_868_799_100_000, "2000-02-29T23:59:59.1Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00Z"),
            (1_735_689_599_000_000, "2024-12-31T23:59:59Z"),
        ] as [(Int64, String)]
    )
    func writesMomentsAsGoDoes(microseconds: Int64, text: String) {
        #expect(TimeText.text(microseconds: microseconds) == text)
    }
}
