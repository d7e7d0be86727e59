@testable import LinuxDataplane
import Testing

struct ServiceDeviceStateTests {
    private typealias Announcement = ServiceDeviceState.Announcement

    private static func link(
        _ index: UInt32,
        _ name: String,
        isUp: Bool = true,
        isRemoved: Bool = false
    ) -> Announcement {
        Announcement(index: index, name: name, isUp: isUp, isRemoved: isRemoved)
    }

    private static func read(_ type: UInt16, _ payload: [UInt8]) -> Announcement? {
        let span = payload.span
        return Announcement(type: type, span)
    }

    /// The answers to a sequence of announcements.
    private static func losses(from index: UInt32, _ links: [Announcement]) -> [Bool] {
        var state = ServiceDeviceState(name: "kube-ipvs0", index: index)
        return links.map { state.take($0) }
    }

    @Test func makingTheDeviceAndSettingItUpIsNoLoss() {
        #expect(
            Self.losses(
                from: 0,
                [
                    Self.link(7, "kube-ipvs0", isUp: false), Self.link(7, "kube-ipvs0"),
                    Self.link(7, "kube-ipvs0"),
                ]
            ) == [false, false, false]
        )
    }

    @Test func itIsLostOnceWhenItIsRemovedAndWhatIsMadeAfterwardsIsNoLoss() {
        #expect(
            Self.losses(
                from: 7,
                [
                    Self.link(7, "kube-ipvs0", isUp: false),
                    Self.link(7, "kube-ipvs0", isUp: false, isRemoved: true),
                    Self.link(8, "kube-ipvs0", isUp: false), Self.link(8, "kube-ipvs0"),
                    Self.link(8, "kube-ipvs0", isRemoved: true),
                ]
            ) == [true, false, false, false, true]
        )
    }

    @Test func oneThatIsSetDownRenamedOrReplacedIsLost() {
        #expect(Self.losses(from: 7, [Self.link(7, "kube-ipvs0", isUp: false)]) == [true])
        #expect(Self.losses(from: 7, [Self.link(7, "other")]) == [true])
        #expect(Self.losses(from: 7, [Self.link(9, "kube-ipvs0")]) == [true])
    }

    @Test func otherDevicesMatterNothing() {
        let links = [
            Self.link(3, "veth1"), Self.link(3, "veth1", isUp: false),
            Self.link(3, "veth1", isRemoved: true),
        ]
        #expect(Self.losses(from: 7, links) == [false, false, false])
        #expect(Self.losses(from: 0, links) == [false, false, false])
    }

    @Test func anAnnouncementIsReadFromTheKernelsMessage() {
        let payload: [UInt8] = [
            0, 0, 1, 0, 7, 0, 0, 0, 0xc3, 0, 1, 0, 0, 0, 0, 0, 9, 0, 3, 0, 0x6c, 0x6f, 0x30, 0x78,
            0,
            0, 0, 0,
        ]
        #expect(Self.read(16, payload) == Self.link(7, "lo0x"))
        #expect(Self.read(17, payload)?.isRemoved == true)
        // A port leaves a bridge.
        #expect(Self.read(17, [7] + payload.dropFirst()) == nil)
        #expect(Self.read(16, Array(payload[..<15])) == nil)
    }
}
