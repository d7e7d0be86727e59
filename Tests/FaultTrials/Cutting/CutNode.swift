import Addressing
import CNetworkLab
import Daemon
import DataplaneModel
import DirectorySource
import FaultInjection
import Glibc
import LinuxDataplane
import Logging
import NetworkLab
import Planning
import Reconciliation
import ServiceModel
import Settings
import SystemPackage

/// What a cluster asks for, as a directory of manifests says it.
struct World {
    let name: String
    let changes: [ClusterChange]

    init(_ name: String, in directory: String) throws {
        self.name = name
        let source = DirectorySource(
            directory: FilePath("\(directory)/\(name)"),
            logger: Logger(label: "fault-trials") { _ in SwiftLogNoOpLogHandler() }
        )
        let update = try source.read()
        if let report = update.reports.first(where: { $0.severity == .problem }) {
            throw TrialError("\(report)")
        }
        changes = update.changes
    }
}

/// A node that the daemon's parts program as the daemon does, each run from the very start.
struct CutNode {
    let namespace: NetworkNamespace
    let mode: DataplaneMode
    let configuration: FairleadConfiguration

    init(
        _ namespace: NetworkNamespace,
        _ mode: DataplaneMode,
        configuration file: String,
        stateDirectory: String
    ) throws {
        self.namespace = namespace
        self.mode = mode
        guard let text = try HostFile.read(file) else { throw TrialError("there is no \(file)") }
        var configuration = try LoadedConfiguration(yaml: text, fileName: file).configuration
        configuration.stateDirectory = stateDirectory
        self.configuration = configuration
    }

    /// Where a run is cut.
    enum Cut: Hashable, CustomStringConvertible {
        case behindOperation(Int)
        case beforeProgram(Int)

        var description: String {
            switch self {
            case .behindOperation(let number): "behind operation \(number)"
            case .beforeProgram(let number): "before program \(number)"
            }
        }
    }

    /// Begins a run to a world in a process that is killed at a boundary; false when the run ended
    /// before it came to that.
    func begin(_ world: World, cut: Cut) throws -> Bool {
        func program(_ number: Int) throws {
            guard enter() else { throw TrialError("enter the node: errno \(errno)") }
            try self.program(world, cut: number)
        }
        let end: ChildProcess.End
        switch cut {
        case .beforeProgram(let number):
            end = try ChildProcess.traced { try program(0) }.kill(beforeProgram: number)
        case .behindOperation(let number):
            end = try ChildProcess { try program(number) }.wait()
        }
        switch end {
        case .exit(0): return false
        case .signal(SIGKILL): return true
        default:
            throw TrialError("a run to \(world.name), to be cut \(cut), ended with \(end)")
        }
    }

    /// Runs until everything is as a world wants it.
    func run(to world: World) throws { try namespace.perform { try program(world, cut: 0) } }

    /// Programs the kernel of the calling thread.
    private func program(_ world: World, cut: Int) throws {
        var device = try LinuxDataplane(mode, configuration)
        let sources = device.preferredSources(configuration.addresses)
        var options = ReconcilerOptions(
            configuration,
            mode,
            nodeName: configuration.nodeName,
            sources: sources
        )
        options.auditInterval = .zero
        // The connections of the requests are remembered for minutes.
        options.draining = DrainingPolicy(timeout: .seconds(3), unresponsiveTimeout: nil)
        var reconciler = Reconciler(device: CutDataplane(device, after: cut), options: options)
        try reconciler.start(now: .zero)
        reconciler.take(.changes(world.changes))
        reconciler.take(.initialSetComplete(isWhole: true))
        var report = reconciler.reconcile(now: .zero)
        var rounds = 0
        // What is postponed is not what this is about.
        while let next = reconciler.nextDeadline, rounds < 60 {
            report = reconciler.reconcile(now: next)
            rounds += 1
        }
        guard reconciler.counts.failing == 0 else {
            let failures = report.failures.map { "\($0.error)" }.joined(separator: "\n")
            throw TrialError("some operations fail for good:\n\(failures)")
        }
    }

    private func enter() -> Bool {
        let descriptor = unsafe open(namespace.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fairlead_enter_network(descriptor) == 0
    }

    /// What is in the kernel and in the record; the rules only where they are asked for, or where
    /// virtual servers are in them, as reading them takes programs.
    func observe(withFilters: Bool) throws -> IPVSState {
        try namespace.perform {
            var device = try LinuxDataplane(mode, configuration)
            if withFilters || mode == .iptables { return try device.observe() }
            var state = IPVSState()
            var record = OwnershipRecord(directory: configuration.stateDirectory)
            state.claims = try record.load()
            var socket = try IPVSSocket.required()
            for reading in try socket.virtualServers() {
                let key = reading.server.key
                state.virtualServers[key] = try device.observe(key)
            }
            let addresses = try device.observeAddresses()
            state.addresses = addresses.announced
            state.hasDevice = addresses.hasDevice
            for set in AddressSet.all { state.sets[set] = try device.observe(set) }
            return state
        }
    }

    /// The virtual servers that are in the kernel and that no line of the record claims; without IPVS
    /// none, as chains say themselves whose they are.
    func unclaimed() throws -> [VirtualServerKey] {
        guard mode == .ipvs else { return [] }
        return try namespace.perform {
            var socket = try IPVSSocket.required()
            var record = OwnershipRecord(directory: configuration.stateDirectory)
            let claims = try record.load()
            return try socket.virtualServers { _ in false }.map(\.server.key).filter {
                claims[.virtualServer($0)] == nil
            }
        }
    }
}
