import ArgumentParser
import Daemon
import DataplaneModel
import LinuxDataplane
import Listing
import Settings

struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the kernel balances, as ipvsadm does.",
        discussion: """
            Takes the options of "ipvsadm -L" and prints the same, byte for byte; works with and
            without a running daemon. Needs root, or the capability CAP_NET_ADMIN.

            EXAMPLES
              fairlead list -n                     virtual servers and their real servers
              fairlead list -n --services          with the Kubernetes Service of each
              fairlead list -n -t 10.96.0.1:443    one of them
              fairlead list -n --stats --exact     totals, all digits
              fairlead list -nc                    connections
              fairlead list -o wide                one row for each real server
              fairlead list -o json                for programs
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, wide, json
    }

    @OptionGroup var server: VirtualServerOptions

    @Flag(name: [.customShort("n"), .long], help: "Addresses and ports as numbers, not as names.")
    var numeric = false

    @Flag(name: [.customShort("c"), .long], help: "The connections.")
    var connection = false

    @Flag(help: "The connection time-outs.")
    var timeout = false

    @Flag(help: "The connection synchronisation daemons.")
    var daemon = false

    @Flag(help: "Totals of connections, packets and bytes.")
    var stats = false

    @Flag(help: "Connections, packets and bytes per second.")
    var rate = false

    @Flag(name: [.customShort("X"), .long], help: "All digits of every number.")
    var exact = false

    @Flag(help: "Connection thresholds.")
    var thresholds = false

    @Flag(help: "Persistent connections.")
    var persistentConn = false

    @Flag(help: "The kind of tunnel.")
    var tunInfo = false

    @Flag(help: "Sorted; it always is.")
    var sort = false

    @Flag(help: "In the kernel's order.")
    var nosort = false

    @Flag(name: [.customShort("S"), .long], help: "As commands for \"ipvsadm -R\".")
    var save = false

    @Flag(name: [.customShort("L"), .customShort("l")], help: .hidden)
    var list = false

    @Flag(help: "Add the name of its Service port to each virtual server.")
    var services = false

    @Option(name: [.customShort("o"), .long], help: "table, wide or json.")
    var output = Format.table

    @Option(
        help: ArgumentHelp("Where the daemon keeps its record.", valueName: "directory")
    )
    var stateDirectory = FairleadConfiguration().stateDirectory

    func validate() throws {
        let exclusive = server.count + [connection, timeout, daemon, save].count(where: \.self)
        guard exclusive <= 1 else {
            throw ValidationError(
                "A virtual server, --connection, --timeout, --daemon and --save exclude each other."
            )
        }
        // Says what is wrong with the address while the usage of this command can be shown with it.
        _ = try server.key()
        guard server.fwmarkService != nil || !server.ipv6 else {
            throw ValidationError("-6 belongs to a firewall mark: -f MARK -6.")
        }
        let tables = stats || rate || thresholds
        if (connection || timeout || daemon || save) && tables
            || (timeout || daemon || save) && persistentConn
        {
            throw ValidationError(
                "--stats, --rate, --thresholds and --persistent-conn are columns of the table of "
                    + "virtual servers."
            )
        }
        if output != .table, connection || timeout || daemon || save || tables || persistentConn {
            throw ValidationError(
                "\"-o \(output.rawValue)\" has columns of its own; leave out the options that "
                    + "choose others."
            )
        }
    }

    func run() async throws {
        if numeric {
            try await print(names: NumericNames())
        } else {
            try await print(names: SystemNames())
        }
    }

    private func print(names: some NameResolving) async throws {
        if try await isServedByChains() { return try printChains(names) }
        var socket = try await KernelListing.open()
        if connection {
            try Output.write(connections(names))
        } else if timeout {
            try Output.write(NodeListing.text(of: try socket.timeouts()))
        } else if daemon {
            try Output.write(NodeListing.text(of: try socket.daemons()))
        } else if save {
            try Output.write(
                SavedRules(names: names, isSorted: !nosort).text(of: try socket.virtualServers())
            )
        } else {
            try printServers(&socket, names)
        }
    }

    /// Whether the daemon's chains are what balances; a record that outlived them counts for nothing.
    private func isServedByChains() async throws -> Bool {
        guard try ModeRecord.load(stateDirectory: stateDirectory) == .iptables else { return false }
        if try !ChainListing.read(stateDirectory: stateDirectory).servers.isEmpty { return true }
        return try !IPVSSocket.isAvailable()
    }

    private func printChains(_ names: some NameResolving) throws {
        if connection || timeout || daemon || save {
            throw Failure(
                "This node is served by chains of iptables, without IPVS: \"conntrack -L\" shows its "
                    + "connections, \"iptables-save\" its rules."
            )
        }
        let found = try ChainListing.read(stateDirectory: stateDirectory)
        let key = try server.key()
        let chosen = found.servers.filter { key == nil || $0.server.key == key }
        if let key, chosen.isEmpty { throw Failure("There is no virtual server \(key).") }
        switch output {
        case .table:
            var table = TableListing(
                columns: columns,
                exact: exact,
                isSorted: !nosort,
                names: names
            )
            if services { table.serviceNames = found.names }
            try Output.write(
                key == nil
                    ? table.text(ofChains: chosen)
                    : chosen.map { table.text(of: $0) }.joined()
            )
        case .wide:
            try Output.write(WideListing(serviceNames: found.names).text(of: chosen))
        case .json:
            let listing = MachineListing(ofChains: chosen, serviceNames: found.names)
            try Output.write(try JSONText.of(listing))
        }
    }

    private func printServers(
        _ socket: inout IPVSSocket,
        _ names: some NameResolving
    ) throws {
        var table = TableListing(
            columns: columns,
            exact: exact,
            isSorted: !nosort,
            names: names
        )
        let needsNames = services || output != .table
        let serviceNames =
            needsNames ? try KernelListing.serviceNames(stateDirectory: stateDirectory) : [:]
        if services { table.serviceNames = serviceNames }
        var readings: [VirtualServerReading]
        if let key = try server.key() {
            guard let reading = try socket.virtualServer(key) else {
                throw Failure("There is no virtual server \(key).")
            }
            if output == .table { return try Output.write(table.text(of: reading)) }
            readings = [reading]
        } else {
            readings = try socket.virtualServers()
        }
        let information = try socket.information()
        switch output {
        case .table:
            try Output.write(table.text(of: readings, information: information))
        case .wide:
            try Output.write(WideListing(serviceNames: serviceNames).text(of: readings))
        case .json:
            let listing = MachineListing(
                of: readings,
                information: information,
                serviceNames: serviceNames
            )
            try Output.write(try JSONText.of(listing))
        }
    }

    /// Of several options the first of these counts, as in `ipvsadm`.
    private var columns: ListingColumns {
        if stats { return .statistics }
        if rate { return .rate }
        if thresholds { return .thresholds }
        if persistentConn { return .persistentConnections }
        return tunInfo ? .tunnels : .plain
    }

    private func connections(_ names: some NameResolving) throws -> String {
        let path = "/proc/net/ip_vs_conn"
        guard let text = try HostFile.read(path) else {
            throw Failure("There is no \(path): this kernel does not show IPVS connections.")
        }
        let entries = text.split(separator: "\n").compactMap { ConnectionEntry(row: $0) }
        return ConnectionListing(names: names, showsEngine: persistentConn).text(of: entries)
    }
}

struct Save: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Print the virtual servers as commands for \"ipvsadm -R\", as \"ipvsadm -S\" does.",
        discussion: """
            EXAMPLES
              fairlead save -n > servers.rules
            """
    )

    @Flag(name: [.customShort("n"), .long], help: "Addresses and ports as numbers, not as names.")
    var numeric = false

    func run() async throws {
        try await List.parse(numeric ? ["--save", "--numeric"] : ["--save"]).run()
    }
}
