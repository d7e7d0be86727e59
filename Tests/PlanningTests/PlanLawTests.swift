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

        /// Each step, with the state right before it.
        func forEachStep(_ body: (_ step: Operation, _ before: IPVSState) -> Void) {
            var state = observed
            for step in plan.operations {
                body(step, state)
                state.apply(step)
            }
        }

        /// The state after the first `count` steps, by a kernel that refuses what cannot be done.
        func after(_ count: Int) -> (state: IPVSState, failures: [OperationFailure]) {
            var kernel = SimulatedDataplane(state: observed)
            let failures = kernel.apply(Plan(Array(plan.operations.prefix(count))))
            return (kernel.state, failures)
        }
    }

    private static let seeds: Range<UInt64> = 0..<400
    /// For what is asked of every prefix of a plan.
    private static let fewerSeeds: Range<UInt64> = 0..<80

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
        let emptied = observed.sets.mapValues { _ in [SetMember: UInt32]() }
        #expect(state.sets == emptied.merging(desired.sets) { $1 })
        #expect(state.filters == observed.filters.merging(desired.filters) { $1 })
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

    @Test(arguments: fewerSeeds)
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

    @Test(arguments: fewerSeeds)
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

    @Test(arguments: fewerSeeds)
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
    func aSetStandsBeforeItsMembersAndBeforeTheFilterThatNamesIt(seed: UInt64) {
        Case(seed: seed).forEachStep { step, state in
            switch step {
            case .putMember(_, _, let set), .removeMember(_, let set):
                #expect(state.sets[set] != nil)
            case .installFilter(let filter):
                #expect(filter.sets.isSubset(of: state.sets.keys))
            default:
                break
            }
        }
    }

    /// The members of a set say what becomes of packets to a frontend: masqueraded, refused, let in.
    @Test(arguments: seeds)
    func membersComeBeforeWhatTheyAreForAndLeaveAfterIt(seed: UInt64) {
        let example = Case(seed: seed)
        let desired = example.desired
        example.forEachStep { step, state in
            switch step {
            case .addVirtualServer, .announce, .installFilter:
                for (set, members) in desired.sets {
                    let present = state.sets[set] ?? [:]
                    #expect(members.allSatisfy { present[$0] == $1 }, "\(set), \(step)")
                }
            case .removeMember:
                let unwanted = state.claims.keys.filter { object in
                    switch object {
                    case .virtualServer(let key):
                        desired.virtualServers[key] == nil && state.virtualServers[key] != nil
                    case .address(let address):
                        desired.addresses[address] == nil && state.addresses[address] != nil
                    }
                }
                #expect(unwanted.isEmpty, "\(step)")
            default:
                break
            }
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>, [1, 3])
    func portionsReachTheSameAndTakeNoMemberAwayBeforeTheLast(seed: UInt64, size: Int) {
        let example = Case(seed: seed)
        let parts = TouchedParts.everything(of: example.observed, and: example.desired)
        let portions = parts.portions(of: size)
        var kernel = SimulatedDataplane(state: example.observed)
        var settled = example.observed
        for (index, portion) in portions.enumerated() {
            let plan = settled.plan(to: example.desired, touching: portion)
            #expect(kernel.apply(plan).isEmpty)
            settled.settle(portion, at: example.desired)
            #expect(settled == kernel.state)
            for case .removeMember in plan.operations {
                #expect(index == portions.count - 1)
            }
        }
        Self.expectReached(kernel.state, example)
        let keys = portions.flatMap { $0.virtualServers }
        #expect(keys.count == parts.virtualServers.count && Set(keys) == parts.virtualServers)
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
