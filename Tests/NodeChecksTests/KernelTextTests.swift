import NodeChecks
import Testing

@Suite struct KernelTextTests {
    @Test func readsTheVersionOfARelease() {
        #expect(KernelVersion(release: "6.1.0-18-amd64") == KernelVersion(6, 1))
        #expect(KernelVersion(release: "5.15-rc1") == KernelVersion(5, 15))
        #expect(KernelVersion(release: "linux") == nil)
        #expect(KernelVersion(release: "") == nil)
        #expect(KernelVersion(5, 9) < KernelVersion(5, 10))
        #expect(KernelVersion(5, 10) < KernelVersion(6, 2))
    }

    @Test func readsEffectiveCapabilities() throws {
        let status = """
            Name:\tfairlead
            CapPrm:\t000001ffffffffff
            CapEff:\t0000000000001000
            CapBnd:\t000001ffffffffff

            """
        let capabilities = try #require(Capabilities(procStatus: status))
        #expect(capabilities == .networkAdministration)
        let all = try #require(Capabilities(procStatus: "CapEff:\t000001ffffffffff\n"))
        #expect(all.isSuperset(of: [.networkAdministration, .rawSockets, .moduleLoading]))
        #expect(Capabilities(procStatus: "CapPrm:\t00\n") == nil)
        #expect(Capabilities(procStatus: "CapEff:\tmany\n") == nil)
    }

    @Test func readsInterfaces() {
        let text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes
                lo:    1234      10    0    0    0     0          0         0     1234
              eth0: 9876543   20000    0    0    0     0          0         0  1234567
            eth0.100:     0       0    0    0    0     0          0         0        0

            """
        #expect(NetworkObservation.interfaces(inDeviceTable: text) == ["lo", "eth0", "eth0.100"])
        #expect(NetworkObservation.interfaces(inDeviceTable: "").isEmpty)
    }

    @Test func readsDefaultRoutesAndNoOthers() {
        let text = """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
            eth1\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
            wg0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0

            """
        #expect(NetworkObservation.defaultRoutes(inRouteTable: text) == ["eth0"])
    }

    @Test func readsDefaultRoutesThatARouterAdvertised() {
        let zero = String(repeating: "0", count: 32)
        let router = "fe800000000000000000000000000001"
        func row(_ destination: String, _ length: String, _ flags: String, _ name: String) -> String
        {
            "\(destination) \(length) \(zero) 00 \(router) 00000400 00000001 00000000 \(flags) "
                + "    \(name)\n"
        }
        let text =
            row(zero, "00", "00450003", "eth0") + row(zero, "00", "00000003", "eth1")
            + row(zero, "00", "00200200", "lo") + row(router, "40", "00040001", "eth2")
        #expect(NetworkObservation.advertisedRoutes(inRouteTable: text) == ["eth0"])
    }

    @Test func readsACounter() {
        let text = """
            TcpExt: SyncookiesSent IPReversePathFilter TCPTimeouts
            TcpExt: 1 42 3
            IpExt: InNoRoutes
            IpExt: 7

            """
        func counter(_ name: String, _ group: String) -> UInt64? {
            NetworkObservation.counter(name, of: group, in: text)
        }
        #expect(counter("IPReversePathFilter", "TcpExt") == 42)
        #expect(counter("InNoRoutes", "IpExt") == 7)
        #expect(counter("InNoRoutes", "TcpExt") == nil)
        #expect(counter("SyncookiesSent", "MPTcpExt") == nil)
    }

    @Test func findsWhoHasAFileLocked() {
        let text = """
            1: POSIX  ADVISORY  WRITE 10 00:19:567 0 EOF
            2: FLOCK  ADVISORY  WRITE 4711 00:19:567 0 EOF
            2: -> FLOCK  ADVISORY  WRITE 4712 00:19:568 0 EOF
            3: FLOCK  ADVISORY  WRITE 0 fd:01:99 0 EOF

            """
        #expect(FileLocks.holder(ofInode: 567, device: 0x19, in: text) == 4711)
        #expect(FileLocks.holder(ofInode: 567, device: 0x18, in: text) == nil)
        #expect(FileLocks.holder(ofInode: 568, device: 0x19, in: text) == nil)
        #expect(FileLocks.holder(ofInode: 99, device: 0xfd01, in: text) == 0)
        #expect(FileLocks.holder(ofInode: 99, device: 0xfd01, in: "") == nil)
    }
}
