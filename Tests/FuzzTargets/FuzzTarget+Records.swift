import DataplaneModel
import LinuxDataplane
import Listing
import NodeChecks

extension FuzzTarget {
    static let records = [
        FuzzTarget("ownership", seeds: [Array(journal.utf8)], inputs: 1000) {
            input throws(BrokenPromise) in
            let owned = OwnershipRecord.parse(text(input)).owned
            let written = OwnershipRecord.text(of: owned)
            try require(
                OwnershipRecord.parse(written).owned == owned,
                "the record is another one after it was written: \(written)"
            )
        },
        FuzzTarget("draining", seeds: [Array(leaving.utf8)], inputs: 1000) {
            input throws(BrokenPromise) in
            // Few inputs have the right fingerprint, so each is given one as well.
            let body = text(input)
            for candidate in [body, body + Fingerprint.of(body) + "\n"] {
                guard let lines = DrainingRecord.parse(candidate) else { continue }
                let written = DrainingRecord.text(of: lines)
                try require(
                    DrainingRecord.parse(written).map { Set($0) } == Set(lines),
                    "the record is another one after it was written: \(written)"
                )
            }
        },
        FuzzTarget(
            "names",
            seeds: [
                "10.96.0.1", "fd00:10:96::a", "::ffff:10.0.0.1", "fe80::1", "10.0.0.0/8",
                "2001:db8::/32", "10.0.0.1:80", "[fd00::1]:443", "TCP 10.96.0.1:80",
                "UDP [fd00::1]:53", "FWM 3001", "FWM 3001 IPv6", "FAIRLEAD-6-CLUSTER",
                "FAIRLEAD-CLUSTER", "1h30m", "1.5s", "300ms", "4Mi", "1Gi", "6.1.0-13-amd64",
            ].map { Array($0.utf8) },
            inputs: 3000,
            read: { input throws(BrokenPromise) in try NameCheck.check(text(input)) }
        ),
        FuzzTarget("kernel-files", seeds: kernelFiles.map { Array($0.utf8) }, inputs: 500) {
            input throws(BrokenPromise) in
            let text = text(input)
            _ = Capabilities(procStatus: text)
            _ = KernelVersion(release: text)
            _ = NetworkObservation.interfaces(inDeviceTable: text)
            _ = NetworkObservation.defaultRoutes(inRouteTable: text)
            _ = NetworkObservation.advertisedRoutes(inRouteTable: text)
            _ = NetworkObservation.counter("IPReversePathFilter", of: "TcpExt", in: text)
            _ = FileLocks.holder(ofInode: 12, device: 26, in: text)
            for row in text.split(separator: "\n") { _ = ConnectionEntry(row: row) }
            _ = TableText(text).rows
            _ = ModuleCatalogue.names(inIndex: text)
            _ = ModuleCatalogue.names(inProcModules: text)
            _ = ModuleCatalogue.options(in: text)
            _ = ModuleCatalogue.forbidden(inModprobeFile: text)
        },
    ]

    private static let journal = """
        fairlead-ownership 1
        +\tTCP 10.96.0.80:80\tdefault/web:http
        +\taddress 10.96.0.80
        +\taddress fd00::1\t
        -\tTCP 10.96.0.80:80\t
        +\tFWM 3001 IPv6\tdefault/web:https
        +\tUDP [fd00::1]:53\tkube-system/dns:dns

        """

    private static let leaving = """
        fairlead-draining 1
        TCP 10.96.0.80:80\t10.244.1.2:8080\t12345\t3600000
        UDP [fd00::1]:53\t[fd00:1::2]:53\t0\t2000
        FWM 3001 IPv6\t[fd00:1::2]:53\t99999999\t0

        """

    private static let kernelFiles = [
        """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port Scheduler Flags
          -> RemoteAddress:Port Forward Weight ActiveConn InActConn
        TCP  0A600001:0050 rr persistent 10800 FFFFFFFF
          -> 0AF40102:1F90      Masq    1      0          0
        TCP  [fd00:0010:0096:0000:0000:0000:0000:0001]:0050 sh
          -> [fd00:0010:0244:0000:0000:0000:0000:0002]:1F90      Route   7      0          0
        FWM  00001001 lc
        """,
        "Name:\tfairlead\nCapInh:\t0000000000000000\nCapEff:\t000001ffffffffff\n",
        """
        Inter-|   Receive                            |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
            lo:  123456     100    0    0    0     0          0         0   123456     100
          eth0: 9876543    2000    0    0    0     0          0         0  1234567     900
        """,
        """
        Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
        eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
        """,
        "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
            + "fe800000000000000000000000000001 00000400 00000001 00000000 00450003 eth0\n",
        "TcpExt: SyncookiesSent IPReversePathFilter\nTcpExt: 0 12\n",
        "ip_vs 188416 4 ip_vs_rr, Live 0x0000000000000000\nnf_conntrack 200704 2 ip_vs, Live 0x0\n",
        "kernel/net/netfilter/ipvs/ip_vs.ko: kernel/net/netfilter/nf_conntrack.ko\n",
        "CONFIG_IP_VS=m\n# CONFIG_IP_VS_RR is not set\nCONFIG_IP_SET=y\n",
        "blacklist ip_vs\ninstall ip_set /bin/false\n",
        "1: FLOCK  ADVISORY  WRITE 4242 00:1a:12 0 EOF\n",
        """
        Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
        TCP 0AF40102 9C40 0A600050 0050 0AF40202 1F90 ESTABLISHED     899
        """,
    ]
}
