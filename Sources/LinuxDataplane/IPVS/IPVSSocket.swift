import Addressing
package import DataplaneModel
package import Netlink

/// A conversation with the kernel's IPVS, in its own words.
package struct IPVSSocket: ~Copyable {
    private var socket: NetlinkSocket
    private let family: UInt16

    /// Opens a conversation; nil when this kernel, as it is now, has no IPVS.
    ///
    /// - Throws: `DataplaneError` when that could not be found out.
    package static func open() throws(DataplaneError) -> IPVSSocket? {
        do throws(NetlinkError) {
            var socket = try NetlinkSocket(.generic)
            guard let family = try socket.resolveFamily(IPVSProtocol.familyName) else {
                return nil
            }
            return IPVSSocket(socket: socket, family: family)
        } catch {
            throw DataplaneError(error, action: "reach IPVS")
        }
    }

    /// Opens a conversation with an IPVS that has to be there.
    ///
    /// - Throws: `DataplaneError` also when the kernel has none.
    package static func required() throws(DataplaneError) -> IPVSSocket {
        if let socket = try open() { return socket }
        throw DataplaneError(
            action: "reach IPVS",
            code: .noEntry,
            hint: "this kernel has no IPVS; load it with \"modprobe ip_vs\", or install the "
                + "package with this kernel's modules"
        )
    }

    private init(socket: consuming NetlinkSocket, family: UInt16) {
        self.socket = socket
        self.family = family
    }

    /// System calls made so far.
    package var systemCalls: Int { socket.systemCalls }

    /// Carries out operations of IPVS, in their order, and answers which failed, by their position
    /// in `operations`.
    ///
    /// Operations of another kind must not be among them.
    package mutating func apply(_ operations: ArraySlice<Operation>) -> [OperationFailure] {
        var failures: [OperationFailure] = []
        var rest = operations
        while !rest.isEmpty {
            let chunk = rest.prefix(NetlinkSocket.messagesPerSend)
            rest = rest.dropFirst(chunk.count)
            var batch = encode(chunk)
            failures += send(&batch).map {
                OperationFailure(
                    $0.error,
                    of: operations,
                    at: chunk.startIndex + $0.index
                )
            }
        }
        return failures
    }

    /// The messages that carry out operations of IPVS, one for each.
    package borrowing func encode(_ operations: ArraySlice<Operation>) -> MessageBatch {
        var batch = MessageBatch()
        batch.reserveCapacity(operations.count)
        for operation in operations { _ = batch.append(operation, family: family) }
        return batch
    }

    /// Sends messages, and answers which were refused, by their position.
    package mutating func send(_ batch: inout MessageBatch) -> [MessageFailure] {
        socket.transact(&batch)
    }

    /// All virtual servers in the kernel's order, with the real servers of those for which they are
    /// wanted: each of these takes a request of its own.
    ///
    /// The kernel has no atomic reading of everything: one that is removed meanwhile may appear
    /// without real servers.
    package mutating func virtualServers(
        wantsRealServers: (VirtualServerKey) -> Bool = { _ in true }
    ) throws(DataplaneError) -> [VirtualServerReading] {
        var readings: [VirtualServerReading] = []
        try reading("list the virtual servers", .getService, flags: .dump) {
            readings = []
        } reply: { payload in
            if let reading = IPVSDecoding.virtualServer(payload) { readings.append(reading) }
        }
        for index in readings.indices where wantsRealServers(readings[index].server.key) {
            readings[index].realServers = try realServers(of: readings[index].server.key)
        }
        return readings
    }

    /// One virtual server with its real servers; nil when there is none.
    package mutating func virtualServer(
        _ key: VirtualServerKey
    ) throws(DataplaneError) -> VirtualServerReading? {
        var found: VirtualServerReading?
        do throws(DataplaneError) {
            try reading("read virtual server \(key)", .getService) { writer in
                writer.nest(IPVSProtocol.Top.service) { $0.identity(of: key) }
            } start: {
            } reply: { payload in
                found = IPVSDecoding.virtualServer(payload) ?? found
            }
        } catch {
            if error.code == .noSuchProcess { return nil }
            throw error
        }
        found?.realServers = try realServers(of: key)
        return found
    }

    /// The real servers of a virtual server, in the kernel's order; none when there is no such
    /// virtual server.
    package mutating func realServers(
        of key: VirtualServerKey
    ) throws(DataplaneError) -> [RealServerReading] {
        var readings: [RealServerReading] = []
        try reading("list the real servers of \(key)", .getDestination, flags: .dump) { writer in
            writer.nest(IPVSProtocol.Top.service) { $0.identity(of: key) }
        } start: {
            readings = []
        } reply: { payload in
            if let reading = IPVSDecoding.realServer(payload, of: key) { readings.append(reading) }
        }
        return readings
    }

    /// How long connections are remembered in this network namespace.
    package mutating func timeouts() throws(DataplaneError) -> ConnectionTimeouts {
        var timeouts = ConnectionTimeouts()
        try reading("read the connection timeouts", .getConfiguration) {
        } reply: { payload in
            timeouts = IPVSDecoding.timeouts(payload)
        }
        return timeouts
    }

    /// The version of IPVS and the size of its connection table.
    package mutating func information() throws(DataplaneError) -> IPVSInformation {
        var information = IPVSInformation(version: 0, connectionTableSize: 0)
        try reading("read the version of IPVS", .getInformation) {
        } reply: { payload in
            information = IPVSDecoding.information(payload)
        }
        return information
    }

    /// The synchronisation daemons that run, the master first.
    package mutating func daemons() throws(DataplaneError) -> [SyncDaemon] {
        var daemons: [SyncDaemon] = []
        try reading("read the synchronisation daemons", .getDaemon, flags: .dump) {
            daemons = []
        } reply: { payload in
            if let daemon = IPVSDecoding.daemon(payload) { daemons.append(daemon) }
        }
        return daemons
    }

    /// Starts a synchronisation daemon on its interface.
    ///
    /// - Throws: `EEXIST` when one of that role runs already.
    package mutating func start(_ daemon: SyncDaemon) throws(DataplaneError) {
        try command("start the \(daemon.role) synchronisation daemon", .newDaemon) { writer in
            writer.nest(IPVSProtocol.Top.daemon) { $0.specification(of: daemon) }
        }
    }

    /// Stops a synchronisation daemon.
    ///
    /// - Throws: `ESRCH` when none of that role runs, and `ETIMEDOUT` after half a minute when its
    ///   thread had not run yet: the kernel stops it then and gives no answer.
    package mutating func stopDaemon(_ role: SyncDaemon.Role) throws(DataplaneError) {
        try command("stop the \(role) synchronisation daemon", .deleteDaemon) { writer in
            writer.nest(IPVSProtocol.Top.daemon) {
                $0.attribute(IPVSProtocol.Daemon.state, role.rawValue)
            }
        }
    }

    /// Sets the counters of one virtual server and its real servers, or of all (nil), to zero.
    package mutating func zero(_ key: VirtualServerKey?) throws(DataplaneError) {
        let object = key.map { "virtual server \($0)" } ?? "all virtual servers"
        try command("set the counters of \(object) to zero", .zero) { writer in
            guard let key else { return }
            writer.nest(IPVSProtocol.Top.service) { $0.identity(of: key) }
        }
    }

    private mutating func command(
        _ action: String,
        _ command: IPVSProtocol.Command,
        _ body: (inout AttributeWriter) -> Void
    ) throws(DataplaneError) {
        var batch = MessageBatch()
        batch.append(type: family) { writer in
            writer.ipvsHeader(command)
            body(&writer)
        }
        if let failure = socket.transact(&batch).first {
            throw DataplaneError(failure.error, action: action)
        }
    }

    /// Asks, and asks again when the answer changed while it was read; `start` begins each answer.
    private mutating func reading(
        _ action: String,
        _ command: IPVSProtocol.Command,
        flags: MessageFlags = [],
        _ body: (inout AttributeWriter) -> Void = { _ in },
        start: () -> Void,
        reply: (Span<UInt8>) -> Void
    ) throws(DataplaneError) {
        var attempts = 0
        while true {
            start()
            attempts += 1
            do throws(NetlinkError) {
                return try socket.request(type: family, flags: flags) { writer in
                    writer.ipvsHeader(command)
                    body(&writer)
                } reply: { type, payload in
                    if type == family { reply(payload) }
                }
            } catch {
                let mayRepeat = error.code == ErrorNumber.interrupted.rawValue && attempts < 10
                if !mayRepeat { throw DataplaneError(error, action: action) }
            }
        }
    }
}

extension IPVSSocket {
    /// Whether this kernel, as it is now, has IPVS.
    package static func isAvailable() throws(DataplaneError) -> Bool {
        switch try open() {
        case .some: true
        case .none: false
        }
    }
}
