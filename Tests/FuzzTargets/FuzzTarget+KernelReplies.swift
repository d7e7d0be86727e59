import Addressing
import DataplaneModel
import LinuxDataplane
import Netlink

extension FuzzTarget {
    static let kernelReplies = [
        FuzzTarget(
            "netlink-messages",
            seeds: [KernelReplySeeds.messages, KernelReplySeeds.refusal]
        ) { input throws(BrokenPromise) in
            var bytes = 0
            forEachMessage(in: input.span) { header, payload in
                bytes += 16 + payload.count
                _ = header.ending(payload)
                forEachAttribute(in: payload) { _, content in
                    _ = content.text()
                    _ = content.networkOrderNumber()
                    _ = content.number(as: UInt64.self)
                }
            }
            try require(bytes <= input.count, "more bytes are handed out than have come")
        },
        FuzzTarget(
            "ipvs-reply",
            seeds: [KernelReplySeeds.virtualServer, KernelReplySeeds.realServer]
        ) { input throws(BrokenPromise) in
            let span = input.span
            _ = IPVSDecoding.timeouts(span)
            _ = IPVSDecoding.information(span)
            _ = IPVSDecoding.daemon(span)
            for family in AddressFamily.allCases {
                _ = IPVSDecoding.realServer(span, of: .firewallMark(1, family))
            }
            guard let reading = IPVSDecoding.virtualServer(span) else { return }
            let key = reading.server.key
            try require(
                VirtualServerKey(key.description) == key,
                "the virtual server \(key) cannot be claimed: its name reads as another"
            )
        },
        FuzzTarget("tracked-flow", seeds: [KernelReplySeeds.flow]) { input throws(BrokenPromise) in
            guard let flow = FlowDecoding.flow(input.span) else { return }
            try require(
                flow.source.address.family == flow.replySource.address.family,
                "a flow has ends of two families: \(flow)"
            )
        },
        FuzzTarget("set-members", seeds: KernelReplySeeds.sets) { input throws(BrokenPromise) in
            guard let first = input.first else { return }
            let set = AddressSet.all[Int(first) % AddressSet.all.count]
            let payload = Array(input.dropFirst())
            SetDecoding.forEachMember(in: payload.span, of: set) { member, _ in
                _ = member.description
            }
        },
    ]
}
