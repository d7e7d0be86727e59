package import Addressing
package import DataplaneModel
import Netlink

/// A conversation with the kernel's connection tracking, about flows that nobody serves any more.
package struct ConnectionTable: ~Copyable {
    private var socket: NetlinkSocket
    /// Whether the kernel is asked to send flows of the wanted protocol only.
    private var filtersInKernel: Bool
    /// As many flows are collected before they are ended, so that memory has a bound.
    private let portion: Int

    /// More portions than any kernel's table holds: flows may begin as fast as they are ended.
    private static let mostPortions = 256

    /// Opens a conversation about the network namespace of the calling thread.
    ///
    /// `filtersInKernel` false is for kernels that cannot do it; it is found out anyway.
    ///
    /// - Throws: `DataplaneError` when this kernel has no packet filtering at all.
    package init(
        filtersInKernel: Bool = true,
        portion: Int = 16_384
    ) throws(DataplaneError) {
        do throws(NetlinkError) {
            socket = try NetlinkSocket(.netfilter)
        } catch {
            throw Self.missing(error, action: "reach connection tracking")
        }
        self.filtersInKernel = filtersInKernel
        self.portion = max(portion, 1)
    }

    /// System calls made so far.
    package var systemCalls: Int { socket.systemCalls }

    /// Ends the flows that a rule calls stale, and answers how many it was.
    ///
    /// The table is read once for each family and protocol that there are rules for, again only when
    /// very many are stale. Without rules nothing is asked.
    ///
    /// - Throws: `DataplaneError` when the table can be neither read nor changed. What was ended until
    ///   then has ended, and doing it again does the rest.
    package mutating func endFlows(matching rules: FlowRules) throws(DataplaneError) -> Int {
        var ended = 0
        for family in AddressFamily.allCases {
            for transport in TransportProtocol.allCases
            where rules.concern(family, transport) {
                var portions = 0
                while portions < Self.mostPortions {
                    let stale = try flows(of: transport, family, atMost: portion) {
                        rules.isStale($0)
                    }
                    ended += try end(stale)
                    guard stale.count == portion else { break }
                    portions += 1
                }
            }
        }
        return ended
    }

    /// The flows of a family and protocol that are wanted, as many as `limit` of them.
    package mutating func flows(
        of transport: TransportProtocol,
        _ family: AddressFamily,
        atMost limit: Int = .max,
        where isWanted: (TrackedFlow) -> Bool = { _ in true }
    ) throws(DataplaneError) -> [TrackedFlow] {
        var found: [TrackedFlow] = []
        var attempts = 0
        while true {
            found = []
            attempts += 1
            do throws(NetlinkError) {
                try socket.request(type: ConnectionProtocol.get, flags: .dump) { writer in
                    writer.netfilterHeader(family)
                    if filtersInKernel { writer.filter(transport) }
                } reply: { type, payload in
                    guard found.count < limit, type == ConnectionProtocol.entry,
                        let flow = FlowDecoding.flow(payload), flow.transport == transport,
                        flow.destination.address.family == family, isWanted(flow)
                    else { return }
                    found.append(flow)
                }
                return found
            } catch {
                if error.code == ErrorNumber.interrupted.rawValue, attempts < 10 { continue }
                guard Self.missingCodes.contains(error.code) else {
                    throw DataplaneError(error, action: "list the tracked connections")
                }
                // It may be the filter that is refused, and not the request.
                guard filtersInKernel else {
                    throw Self.missing(error, action: "list the tracked connections")
                }
                filtersInKernel = false
            }
        }
    }

    /// Ends these flows, and answers how many of them had not ended by themselves.
    ///
    /// - Throws: the first `DataplaneError` when some could not be ended; all others have.
    package mutating func end(_ flows: [TrackedFlow]) throws(DataplaneError) -> Int {
        var ended = 0
        var firstError: DataplaneError?
        var rest = flows[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(NetlinkSocket.messagesPerSend)
            rest = rest.dropFirst(chunk.count)
            var batch = MessageBatch()
            batch.reserveCapacity(chunk.count)
            for flow in chunk {
                batch.append(type: ConnectionProtocol.delete) { writer in
                    writer.netfilterHeader(flow.source.address.family)
                    writer.identity(of: flow)
                }
            }
            let failures = socket.transact(&batch)
            ended += chunk.count - failures.count
            for failure in failures where failure.error.code != ErrorNumber.noEntry.rawValue {
                let flow = chunk[chunk.startIndex + failure.index]
                firstError =
                    firstError ?? DataplaneError(failure.error, action: "end the flow \(flow)")
            }
        }
        if let firstError { throw firstError }
        return ended
    }

    /// How the kernel answers for a part of netfilter that it does not have, nor can load.
    private static let missingCodes: Set<Int32> = [
        ErrorNumber.invalid.rawValue, ErrorNumber.protocolNotSupported.rawValue,
        ErrorNumber.notSupported.rawValue,
    ]

    private static func missing(_ error: NetlinkError, action: String) -> DataplaneError {
        guard missingCodes.contains(error.code) else {
            return DataplaneError(error, action: action)
        }
        return DataplaneError(
            action: action,
            code: ErrorNumber(rawValue: error.code),
            kernelMessage: error.message,
            hint: "this kernel does not tell which connections it tracks; load it with \"modprobe "
                + "nf_conntrack_netlink\", or install the package with this kernel's modules"
        )
    }
}
