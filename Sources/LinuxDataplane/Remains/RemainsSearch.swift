import Addressing
package import DataplaneModel
import KubeProxyLeftovers
package import OwnRemains

/// Looks for what fairlead has in the network namespace of the calling thread.
///
/// Nothing is changed.
package enum RemainsSearch {
    /// Files of a state directory, but for the lock.
    private static let files: Set<String> = {
        let texts = ["ownership", "mode", "filter-ipv4", "filter-ipv6", "draining"]
        return Set(texts + texts.map { $0 + ".new" } + ["control.sock"])
    }()

    /// Reads everything where something of fairlead's may be.
    ///
    /// `device` is the name of the service device, `stateDirectory` where the record of what is
    /// fairlead's is kept.
    ///
    /// - Throws: `DataplaneError` when something could not be read that would have to be removed.
    package static func observe(
        device name: String,
        stateDirectory: String
    ) throws(DataplaneError) -> ObservedRemains {
        var node = ObservedRemains()
        node.deviceName = name
        node.stateDirectory = stateDirectory
        node.files = HostFile.names(in: stateDirectory).filter { files.contains($0) }
        readRecord(into: &node)
        try readRules(into: &node)
        try readSets(into: &node)
        if var socket = try IPVSSocket.open() {
            node.virtualServers = Set(try socket.virtualServers().map(\.server.key))
        }
        var device = try ProxyDevice(name)
        let reading = try device.read()
        node.routed = reading.routed
        node.device = reading.device.map {
            var device = ObservedRemains.Device(isUp: $0.isUp)
            device.singles = $0.singles
            device.hasMore = $0.hasMore
            return device
        }
        return node
    }

    private static func readRecord(into node: inout ObservedRemains) {
        do throws(DataplaneError) {
            let text = try HostFile.read(OwnershipRecord.path(in: node.stateDirectory))
            node.claims = Set(OwnershipRecord.parse(text ?? "").owned.keys)
            node.isRecordWhole = text.map { OwnershipRecord.isWhole($0) } ?? false
        } catch {
            node.isRecordWhole = false
            node.doubts.append("\(error)")
        }
    }

    private static func readRules(into node: inout ObservedRemains) throws(DataplaneError) {
        let hasModern = try FilterTables.all() != nil
        for family in AddressFamily.allCases {
            // A kernel without nftables has no rules of that variant, and its programs only fail.
            for programs in RulePrograms.all(family) where hasModern || !programs.isModern {
                do throws(DataplaneError) {
                    node.rules[programs.name] = try programs.saveOwn()
                } catch {
                    if error.code == .notPermitted { throw error }
                    node.doubts.append("rules of \(programs.name) could not be read: \(error)")
                }
            }
        }
    }

    private static func readSets(into node: inout ObservedRemains) throws(DataplaneError) {
        guard var socket = SetSocket.open() else { return }
        node.sets = try socket.allNames()
        // Only where nothing else says whose a virtual server is.
        guard !node.isRecordWhole else { return }
        var sets = try AddressSets()
        for (set, members) in try sets.observe() {
            for (member, mark) in members {
                guard case .frontend(let endpoint, let transport) = member else { continue }
                node.named.insert(.address(endpoint, transport))
                if mark != 0 { node.named.insert(.firewallMark(mark, set.family)) }
            }
        }
    }
}

extension OwnershipRecord {
    /// Whether every line of a record's text makes sense, but for a last one that was cut off.
    package static func isWhole(_ text: String) -> Bool {
        let lines = text.split(separator: "\n")
        guard lines.first.map({ $0 == header }) ?? false else { return false }
        for line in text.last == "\n" ? lines.dropFirst() : lines.dropFirst().dropLast() {
            let isClaim = line.first == "+" && parse(String(line)).owned.count == 1
            let isRelease =
                line.first == "-" && parse("+" + line.dropFirst()).owned.count == 1
            guard isClaim || isRelease else { return false }
        }
        return true
    }
}
