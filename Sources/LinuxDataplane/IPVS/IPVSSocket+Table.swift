import DataplaneModel

extension IPVSSocket {
    /// The file with all virtual and real servers of the thread's network namespace.
    private static let path = "/proc/thread-self/net/ip_vs"

    /// All virtual servers, read at one go and asked for one by one where they are not as known; nil
    /// where the kernel has no such file, or one that says too little.
    ///
    /// - Throws: `DataplaneError` when they cannot be read.
    mutating func table(
        expecting known: [VirtualServerKey: IPVSState.Entry]
    ) throws(DataplaneError) -> [VirtualServerKey: IPVSState.Entry]? {
        guard let text = try HostFile.read(Self.path) else { return nil }
        var table: [VirtualServerKey: IPVSState.Entry] = [:]
        table.reserveCapacity(known.count)
        var isPuzzling = false
        let rows = TableText(text).rows
        // Where other network namespaces have virtual servers too, the kernel loses its place between
        // two pages of the file (`ip_vs_info_seq_next` counts theirs, `ip_vs_info_seq_start` does not).
        guard rows.count * 2 >= known.count else { return nil }
        for row in rows {
            guard let key = row.key else {
                isPuzzling = true
                continue
            }
            if let entry = known[key], row.agrees(with: entry) {
                table[key] = entry
            } else if let reading = try virtualServer(key) {
                table[key] = reading.entry
            }
        }
        // The file is read in pieces, between which one may have been passed over.
        for key in known.keys where table[key] == nil {
            table[key] = try virtualServer(key)?.entry
        }
        guard isPuzzling else { return table }
        for reading in try virtualServers(wantsRealServers: { table[$0] == nil })
        where table[reading.server.key] == nil {
            table[reading.server.key] = reading.entry
        }
        return table
    }
}
