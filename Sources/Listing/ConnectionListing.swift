package import Addressing

/// A row of `/proc/net/ip_vs_conn`.
package struct ConnectionEntry: Hashable, Sendable {
    package let transport: String
    package let client: SocketEndpoint
    package let virtual: SocketEndpoint
    package let destination: SocketEndpoint
    package let state: String
    /// Seconds until the kernel forgets it.
    package let expires: Int
    /// The persistence engine and what it keeps, where there is one.
    package let engine: (name: String, data: String)?

    /// Reads a row; nil for the title and for what is not a row.
    ///
    /// IPv4 addresses stand there as eight hexadecimal digits, IPv6 addresses as groups in full, and
    /// ports in hexadecimal (`ip_vs_conn_seq_show`, `net/netfilter/ipvs/ip_vs_conn.c`).
    package init?(row: some StringProtocol) {
        let fields = row.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count >= 9, let expires = Int(fields[8]),
            let client = Self.endpoint(fields[1], fields[2]),
            let virtual = Self.endpoint(fields[3], fields[4]),
            let destination = Self.endpoint(fields[5], fields[6])
        else { return nil }
        transport = String(fields[0])
        self.client = client
        self.virtual = virtual
        self.destination = destination
        state = String(fields[7])
        self.expires = expires
        engine = fields.count >= 11 ? (String(fields[9]), String(fields[10])) : nil
    }

    private static func endpoint(
        _ address: some StringProtocol,
        _ port: some StringProtocol
    ) -> SocketEndpoint? {
        guard let port = UInt16(port, radix: 16) else { return nil }
        if let bits = UInt32(address, radix: 16) { return SocketEndpoint(.ipv4(bits), port) }
        guard let address = try? IPAddress(address) else { return nil }
        return SocketEndpoint(address, port)
    }

    package static func == (left: ConnectionEntry, right: ConnectionEntry) -> Bool {
        left.transport == right.transport && left.client == right.client
            && left.virtual == right.virtual && left.destination == right.destination
            && left.state == right.state && left.expires == right.expires
            && left.engine?.name == right.engine?.name && left.engine?.data == right.engine?.data
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(client)
        hasher.combine(virtual)
        hasher.combine(destination)
    }
}

/// The connections of IPVS, as `ipvsadm -L -c` prints them, byte for byte.
package struct ConnectionListing<Names: NameResolving> {
    package var names: Names
    /// Adds the persistence engine's columns, as `--persistent-conn` does.
    package var showsEngine: Bool

    package init(names: Names, showsEngine: Bool = false) {
        self.names = names
        self.showsEngine = showsEngine
    }

    /// The title and a row for each connection, in the order given.
    package func text(of entries: [ConnectionEntry]) -> String {
        var text = "IPVS connection entries\npro expire "
        text += "state".padded(to: 11) + " " + "source".padded(to: 18) + " "
        text += "virtual".padded(to: 18) + " "
        if showsEngine {
            text += "destination".padded(to: 18) + " " + "pe name".padded(to: 16) + " pe_data\n"
        } else {
            text += "destination\n"
        }
        for entry in entries { append(entry, to: &text) }
        return text
    }

    private func append(_ entry: ConnectionEntry, to text: inout String) {
        let transport = TransportProtocol(kubernetesName: entry.transport)
        let destination = names.text(of: entry.destination, transport)
        let expires = "\(twoDigits(entry.expires / 60)):\(twoDigits(entry.expires % 60))"
        text += entry.transport.padded(to: 3) + " " + expires.padded(to: 6) + " "
        text += entry.state.padded(to: 11) + " "
        text += names.text(of: entry.client, transport).padded(to: 18) + " "
        text += names.text(of: entry.virtual, transport).padded(to: 18) + " "
        if showsEngine, let engine = entry.engine {
            text += destination.padded(to: 16) + " " + engine.name.padded(to: 18)
            text += " \(engine.data)\n"
        } else {
            text += "\(destination)\n"
        }
    }
}
