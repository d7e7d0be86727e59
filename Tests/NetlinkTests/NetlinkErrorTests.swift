import Netlink
import Testing

@Suite struct NetlinkErrorTests {
    @Test func saysWhatFailedAndWhatTheKernelSaid() {
        #expect(NetlinkError(action: "send", code: 90).description == "send: errno 90")
        #expect(
            NetlinkError(action: "netlink", code: 22, message: "no such scheduler").description
                == "netlink: errno 22 (no such scheduler)"
        )
    }

    @Test func flagsAndProtocolsHaveTheNumbersOfTheKernel() {
        #expect(MessageFlags.acknowledge.rawValue == 0x4)
        #expect(MessageFlags.dump.rawValue == 0x300)
        #expect(MessageFlags.replace.rawValue == 0x100)
        #expect(MessageFlags.exclusive.rawValue == 0x200)
        #expect(MessageFlags.create.rawValue == 0x400)
        #expect(NetlinkProtocol.route.rawValue == 0)
        #expect(NetlinkProtocol.generic.rawValue == 16)
    }
}
