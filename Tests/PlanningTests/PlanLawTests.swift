import Addressing
import DataplaneModel
import Planning
import SimulatedDataplane
import Testing
import TestSupport

/// The laws that every plan obeys, for generated states.
///
/// The seed is the test's argument, so a failure names the case that shows it.
@Suite struct PlanLawTests {
    private struct Case {
        let observed: IPVSState
        let desired: IPVSState
        let plan: Plan

        init(seed: UInt64) {
            var generator = StateGenerator(seed: seed)
            let observed = generator.observed(base: SimulatedDataplane.freshState)
            let desired = generator.desired()
            self.init(observed, desired)
        }

        init(_ observed: IPVSState, _ desired: IPVSState) {
            self.observed = observed
            self.desired = desired
            plan = observed.plan(
                to: desired,
                touching: .everything(of: observed, and: desired)
            )
        }

        /// The state after the first `count` steps, by a kernel that refuses what cannot be done.
        func after(_ count: Int) -> (state: IPVSState, failures: [OperationFailure]) {
            var kernel = SimulatedDataplane(state: observed)
            let failures = kernel.apply(Plan(Array(plan.operations.prefix(count))))
            return (kernel.state, failures)
        }
    }

    private static let seeds: Range<UInt64> = 0..<400

    /// What is wanted is there, what was ours and is not wanted is gone, and the rest is as it was.
    private static func expectReached(_ state: IPVSState, _ example: Case) {
        let (observed, desired) = (example.observed, example.desired)
        var servers = observed.virtualServers
        var claims = observed.claims
        for object in observed.claims.keys {
            claims[object] = nil
            if case .virtualServer(let key) = object { servers[key] = nil }
        }
        servers.merge(desired.virtualServers) { $1 }
        #expect(state.virtualServers == servers)
        var addresses = observed.addresses
        for object in observed.claims.keys {
            if case .address(let address) = object { addresses[address] = nil }
        }
        addresses.merge(desired.addresses) { $1 }
        for address in observed.foreignAddresses where observed.addresses[address] == nil {
            addresses[address] = nil
        }
        #expect(state.addresses == addresses)
        for (object, owner) in desired.claims {
            if case .address(let address) = object, addresses[address] == nil { continue }
            claims[object] = owner
        }
        let kept = state.claims.filter { object, _ in
            // A claim on an address that turned out to be somebody else's is a line too many.
            if case .address(let address) = object { return addresses[address] != nil }
            return true
        }
        #expect(kept == claims)
        for (parameter, value) in desired.parameters {
            #expect(state.parameters[parameter] == value)
        }
        if desired.timeouts.udp != 0 { #expect(state.timeouts.udp == desired.timeouts.udp) }
    }

    @Test(arguments: seeds)
    func applyingThePlanReachesWhatIsWanted(seed: UInt64) {
        let example = Case(seed: seed)
        let (state, failures) = example.after(example.plan.operations.count)
        #expect(failures.isEmpty)
        Self.expectReached(state, example)
    }

    @Test(arguments: seeds)
    func whatIsReachedNeedsNoPlan(seed: UInt64) {
        let example = Case(seed: seed)
        let (state, _) = example.after(example.plan.operations.count)
        #expect(Case(state, example.desired).plan.isEmpty)
    }

    @Test(arguments: seeds)
    func planningAgainAfterAnyPrefixReachesWhatIsWanted(seed: UInt64) {
        let example = Case(seed: seed)
        for count in 0...example.plan.operations.count {
            let resumed = Case(example.after(count).state, example.desired)
            let (state, failures) = resumed.after(resumed.plan.operations.count)
            #expect(failures.isEmpty, "cut after \(count)")
            Self.expectReached(state, example)
        }
    }

    /// A real server that takes new connections.
    private static func isUsable(_ entry: IPVSState.Entry?) -> Bool {
        entry?.realServers.contains { $0.weight > 0 } ?? false
    }

    @Test(arguments: seeds)
    func noPrefixLeavesAVirtualServerWithoutAUsableRealServer(seed: UInt64) {
        let example = Case(seed: seed)
        let served = example.desired.virtualServers.filter { key, wanted in
            Self.isUsable(wanted) && Self.isUsable(example.observed.virtualServers[key])
        }
        for count in 0...example.plan.operations.count {
            let state = example.after(count).state
            for key in served.keys {
                #expect(Self.isUsable(state.virtualServers[key]), "\(key) after \(count) steps")
            }
        }
    }

    @Test(arguments: seeds)
    func anAddressIsAnnouncedOnlyWhenAllItsVirtualServersStand(seed: UInt64) {
        let example = Case(seed: seed)
        for (index, operation) in example.plan.operations.enumerated() {
            guard case .announce(let announced, _) = operation else { continue }
            let state = example.after(index).state
            for (key, wanted) in example.desired.virtualServers {
                guard case .address(let endpoint, _) = key, endpoint.address == announced else {
                    continue
                }
                let present = state.virtualServers[key]
                #expect(present?.server == wanted.server)
                let servers = Set(present?.realServers ?? [])
                #expect(servers.isSuperset(of: wanted.realServers))
            }
        }
    }

    @Test(arguments: seeds)
    func whatIsNotOursIsNeverTouched(seed: UInt64) {
        let example = Case(seed: seed)
        let foreign = example.observed.virtualServers.keys.filter {
            example.observed.claims[.virtualServer($0)] == nil
                && example.desired.virtualServers[$0] == nil
        }
        for count in 0...example.plan.operations.count {
            let state = example.after(count).state
            for key in foreign {
                #expect(state.virtualServers[key] == example.observed.virtualServers[key])
            }
            for address in example.observed.foreignAddresses
            where example.observed.addresses[address] == nil {
                #expect(state.addresses[address] == nil)
            }
        }
    }

    @Test(arguments: seeds)
    func whatIsMadeIsClaimedBefore(seed: UInt64) {
        let example = Case(seed: seed)
        for (index, operation) in example.plan.operations.enumerated() {
            let state = example.after(index).state
            switch operation {
            case .addVirtualServer(let server):
                #expect(state.claims[.virtualServer(server.key)] != nil)
            case .announce(let address, _):
                #expect(state.claims[.address(address)] != nil)
            default:
                break
            }
        }
    }

    @Test(arguments: seeds)
    func settlingIsTheSameAsApplyingEveryStep(seed: UInt64) {
        let example = Case(seed: seed)
        let (applied, _) = example.after(example.plan.operations.count)
        var settled = example.observed
        settled.settle(
            .everything(of: example.observed, and: example.desired),
            at: example.desired
        )
        #expect(settled == applied)
    }

    @Test(arguments: seeds)
    func thePlanDoesNotDependOnTheOrderOfTheInput(seed: UInt64) {
        let example = Case(seed: seed)
        func rebuilt(_ state: IPVSState, _ generator: inout SeededGenerator) -> IPVSState {
            var copy = state
            copy.virtualServers = [:]
            for (key, entry) in state.virtualServers.shuffled(using: &generator) {
                copy.virtualServers[key] = IPVSState.Entry(
                    server: entry.server,
                    realServers: entry.realServers.shuffled(using: &generator)
                )
            }
            copy.addresses = Dictionary(
                uniqueKeysWithValues: state.addresses.shuffled(using: &generator).map { ($0, $1) }
            )
            copy.claims = Dictionary(
                uniqueKeysWithValues: state.claims.shuffled(using: &generator).map { ($0, $1) }
            )
            return copy
        }
        var generator = SeededGenerator(seed: seed &+ 1_000_000)
        let again = Case(
            rebuilt(example.observed, &generator),
            rebuilt(example.desired, &generator)
        )
        #expect(again.plan == example.plan)
    }
}
