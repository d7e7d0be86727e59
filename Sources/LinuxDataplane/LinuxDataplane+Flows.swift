package import DataplaneModel

extension LinuxDataplane {
    package mutating func endFlows(
        matching rules: [FlowRule]
    ) throws(DataplaneError) -> Int {
        guard !rules.isEmpty else { return 0 }
        var table: ConnectionTable
        if let open = connections.take() {
            table = open
        } else {
            table = try ConnectionTable()
        }
        // After an error it is not put back: the rest of an answer may still be on its way to it.
        let ended = try table.endFlows(matching: FlowRules(rules))
        connections = .some(table)
        return ended
    }
}
