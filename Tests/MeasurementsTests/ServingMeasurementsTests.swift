import Addressing
import DataplaneModel
import Measurements
import Reconciliation
import Routing
import ServiceModel
import TestSupport
import Testing

@Suite struct ServingMeasurementsTests {
    private static let web = ObjectName(namespace: "default", name: "web")

    private static func round(
        isFull: Bool = false,
        synced: [AddressFamily] = AddressFamily.allCases,
        usesChains: Bool = false,
        kernelCalls: Int = 0
    ) -> ServingMeasurements.Round {
        ServingMeasurements.Round(
            isFull: isFull,
            isAudit: isFull,
            took: .milliseconds(3),
            synced: synced,
            usesChains: usesChains,
            kernelCalls: kernelCalls,
            end: 2000
        )
    }

    private static func failure(_ subject: RetrySubject) -> ReconciliationReport.Failure {
        ReconciliationReport.Failure(
            subject: subject,
            owner: nil,
            error: DataplaneError(action: "try", code: .noEntry),
            retryIn: .seconds(1)
        )
    }

    /// Each begins to count when it is opened.
    @Test func theCallsOfOneDataplaneAfterTheOtherAddUp() throws {
        var measurements = ServingMeasurements(start: 0)
        for calls in [5, 7, 7, 3, 4] {
            measurements.ended(Self.round(kernelCalls: calls), ReconciliationReport())
        }
        #expect(try parsed(measurements)["fairlead_kernel_calls_total"] == 11)
    }

    private func parsed(_ measurements: ServingMeasurements) throws -> ParsedExposition {
        var exposition = Exposition()
        measurements.write(to: &exposition)
        return try ParsedExposition(String(decoding: exposition.bytes, as: UTF8.self))
    }

    @Test func everyFamilyOfLabelsIsThereFromTheStart() throws {
        let exposition = try parsed(ServingMeasurements(start: 0))
        for name in [
            "kubeproxy_sync_proxy_rules_duration_seconds_count",
            "kubeproxy_sync_full_proxy_rules_duration_seconds_count",
            "kubeproxy_sync_partial_proxy_rules_duration_seconds_count",
            "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
            "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
            "kubeproxy_network_programming_duration_seconds_count",
            "kubeproxy_sync_proxy_rules_iptables_restore_failures_total",
        ] {
            for family in ["IPv4", "IPv6"] {
                #expect(exposition[name, ["ip_family": family]] == 0, "\(name)")
            }
        }
        #expect(exposition["kubeproxy_proxy_healthz_total", ["code": "503"]] == 0)
    }

    @Test func changesArePendingUntilARoundLeavesNothingUndone() throws {
        var measurements = ServingMeasurements(start: 0)
        measurements.queued(
            .changes([.serviceRemoved(Self.web), .endpointSliceRemoved(Self.web)]),
            at: 1500
        )
        measurements.queued(.changes([.endpointSliceRemoved(Self.web)]), at: 1600)
        measurements.taken()
        measurements.queued(.changes([.endpointsRemoved(Self.web), .nodeRemoved("a")]), at: 1700)
        #expect(measurements.endpointChanges.pending == 3)
        #expect(measurements.serviceChanges.pending == 1)
        measurements.ended(Self.round(synced: [.ipv4]), ReconciliationReport())
        #expect(measurements.endpointChanges.pending == 3)
        measurements.ended(Self.round(), ReconciliationReport())
        #expect(measurements.endpointChanges.pending == 1)
        #expect(measurements.serviceChanges.pending == 0)
        let exposition = try parsed(measurements)
        #expect(exposition["kubeproxy_sync_proxy_rules_endpoint_changes_total"] == 3)
        #expect(exposition["kubeproxy_sync_proxy_rules_service_changes_total"] == 1)
        #expect(
            exposition[
                "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
                ["ip_family": "IPv6"]
            ] == 1700
        )
        #expect(
            exposition[
                "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
                ["ip_family": "IPv4"]
            ] == 2000
        )
    }

    @Test func onlyRoundsThatDidSomethingAreTimed() throws {
        var measurements = ServingMeasurements(start: 0)
        var report = ReconciliationReport()
        measurements.ended(Self.round(), report)
        measurements.ended(Self.round(isFull: true), report)
        report.applied = 1
        measurements.ended(Self.round(), report)
        let exposition = try parsed(measurements)
        let family = ["ip_family": "IPv6"]
        let counts = ["", "_full", "_partial"].map {
            exposition["kubeproxy_sync\($0)_proxy_rules_duration_seconds_count", family]
        }
        #expect(counts == [2, 1, 1])
    }

    @Test func theWayFromTheClusterToTheKernelIsMeasuredWhenItIsDone() throws {
        var measurements = ServingMeasurements(start: 1000)
        for milliseconds in [1_999_600, 1_990_000, 999_000] as [Int64] {
            measurements.taken(
                EndpointTrigger(service: Self.web, milliseconds: milliseconds),
                families: [.ipv4, .ipv6]
            )
        }
        measurements.ended(Self.round(synced: [.ipv4]), ReconciliationReport())
        let name = "kubeproxy_network_programming_duration_seconds"
        let first = try parsed(measurements)
        #expect(first[name + "_count", ["ip_family": "IPv4"]] == 2)
        #expect(first[name + "_bucket", ["ip_family": "IPv4", "le": "0.5"]] == 1)
        #expect(first[name + "_bucket", ["ip_family": "IPv4", "le": "10"]] == 2)
        #expect(first[name + "_count", ["ip_family": "IPv6"]] == 0)
        measurements.ended(Self.round(), ReconciliationReport())
        let second = try parsed(measurements)
        #expect(second[name + "_count", ["ip_family": "IPv4"]] == 2)
        #expect(second[name + "_count", ["ip_family": "IPv6"]] == 2)
    }

    @Test func failuresAreCountedByErrorAndRestoresOnceForARound() throws {
        var report = ReconciliationReport()
        report.applied = 5
        report.failures = [
            Self.failure(.filter(.ipv4)), Self.failure(.virtualServer(.firewallMark(1, .ipv6))),
            Self.failure(.virtualServer(.firewallMark(2, .ipv6))), Self.failure(.node),
        ]
        report.driftByFamily = [.ipv4: 2, nil: 1]
        let name = "kubeproxy_sync_proxy_rules_iptables_restore_failures_total"
        var ipvs = ServingMeasurements(start: 0)
        ipvs.ended(Self.round(isFull: true), report)
        let first = try parsed(ipvs)
        #expect(first[name, ["ip_family": "IPv4"]] == 1)
        #expect(first[name, ["ip_family": "IPv6"]] == 0)
        #expect(first["fairlead_operation_failures_total", ["errno": "ENOENT"]] == 4)
        #expect(first["fairlead_operations_total"] == 5)
        #expect(first["fairlead_drift_repaired_steps_total", ["ip_family": "IPv4"]] == 2)
        #expect(first["fairlead_drift_repaired_steps_total", ["ip_family": ""]] == 1)
        #expect(first["fairlead_audit_duration_seconds_count"] == 1)
        var chains = ServingMeasurements(start: 0)
        chains.ended(Self.round(usesChains: true), report)
        #expect(try parsed(chains)[name, ["ip_family": "IPv6"]] == 1)
    }

    @Test func anAuditThatCouldNotReadTheKernelIsAFailureAndNoAudit() throws {
        var report = ReconciliationReport()
        report.auditError = DataplaneError(action: "list it", code: .notPermitted)
        var measurements = ServingMeasurements(start: 0)
        measurements.ended(Self.round(isFull: true), report)
        let parsed = try parsed(measurements)
        #expect(parsed["fairlead_audit_duration_seconds_count"] == 0)
        #expect(parsed["fairlead_audit_failures_total"] == 1)
    }

    @Test func servicesWithoutLocalEndpointsAreCountedByPolicy() throws {
        func frontend(_ port: UInt16, _ kind: Frontend.Kind, _ outside: Target) -> Frontend {
            Frontend(
                key: .address(SocketEndpoint(.ipv4(0x0a60_0001), port), .tcp),
                service: ServicePortName(service: Self.web, port: "http"),
                kind: kind,
                inside: .reject,
                outside: outside,
                affinity: .none,
                scheduler: SchedulerRequest(name: "rr")
            )
        }
        var figures = ServingFigures()
        figures.withoutLocalEndpoints.count(frontend(80, .loadBalancer, .drop))
        figures.withoutLocalEndpoints.count(frontend(81, .externalIP, .drop))
        figures.withoutLocalEndpoints.count(frontend(82, .clusterIP, .reject))
        figures.mode = "iptables"
        figures.configuredMode = "auto"
        figures.isFallback = true
        var exposition = Exposition()
        figures.write(to: &exposition)
        figures.writeMode(to: &exposition)
        let parsed = try ParsedExposition(String(decoding: exposition.bytes, as: UTF8.self))
        let name = "kubeproxy_sync_proxy_rules_no_local_endpoints_total"
        #expect(parsed[name, ["ip_family": "IPv4", "traffic_policy": "external"]] == 1)
        #expect(parsed[name, ["ip_family": "IPv4", "traffic_policy": "internal"]] == 0)
        #expect(parsed["fairlead_mode", ["mode": "iptables"]] == 1)
        #expect(parsed["fairlead_mode", ["mode": "ipvs"]] == 0)
        #expect(parsed["fairlead_configured_mode", ["mode": "auto"]] == 1)
        #expect(parsed["fairlead_mode_is_fallback"] == 1)
    }

    @Test func theWatchesOfTheAPIAreShownAsFarAsThereAreAny() throws {
        var activity = SourceActivity()
        var services = SourceActivity.Collection(resource: "services", state: "watching")
        services.objects = 3
        services.lists = 1
        services.events = ["ADDED": 2, "DELETED": 1]
        services.failures = ["403": 4]
        services.secondsSinceContact = 0.5
        activity.collections = [
            services, SourceActivity.Collection(resource: "nodes", state: "starting"),
        ]
        var exposition = Exposition()
        activity.write(to: &exposition)
        let parsed = try ParsedExposition(String(decoding: exposition.bytes, as: UTF8.self))
        #expect(
            parsed["fairlead_api_state", ["resource": "services", "state": "watching"]] == 1
        )
        #expect(parsed["fairlead_api_state", ["resource": "nodes", "state": "watching"]] == 0)
        #expect(parsed["fairlead_api_objects", ["resource": "services"]] == 3)
        #expect(
            parsed["fairlead_api_events_total", ["resource": "services", "type": "ADDED"]] == 2
        )
        #expect(
            parsed["fairlead_api_failures_total", ["resource": "services", "reason": "403"]] == 4
        )
        #expect(parsed.series("fairlead_api_seconds_since_contact").count == 1)
    }

    @Test func readsWhatTheKernelSaysOfAProcess() throws {
        let figures = ProcessFigures(
            stat: "42 (a) b) S 1 1 1 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 4 0 12345 1 1\n",
            status: "Name:\ta\nVmSize:\t  2048 kB\nVmRSS:\t    1024 kB\n",
            limits: "Limit   Soft Limit\nMax open files            1048576    1048576    files\n",
            system: "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n"
        )
        #expect(figures.residentBytes == 1 << 20)
        #expect(figures.virtualBytes == 2 << 20)
        #expect(figures.cpuSeconds == 2)
        #expect(figures.maximumFiles == 1_048_576)
        #expect(figures.startSeconds == 1_700_000_123.45)
        let nothing = ProcessFigures(stat: "", status: "", limits: "unlimited", system: "")
        #expect(nothing == ProcessFigures())
        var exposition = Exposition()
        nothing.write(to: &exposition)
        #expect(exposition.bytes.isEmpty)
    }
}
