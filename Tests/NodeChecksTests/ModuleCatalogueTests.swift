import DataplaneModel
import NodeChecks
import Testing

@Suite struct ModuleCatalogueTests {
    @Test func readsTheIndexesOfModules() {
        let dependencies = """
            kernel/net/netfilter/ipvs/ip_vs_rr.ko.xz: kernel/net/netfilter/ipvs/ip_vs.ko.xz
            kernel/net/netfilter/ipvs/ip_vs.ko: kernel/net/netfilter/nf_conntrack.ko
            updates/dkms/some-driver.ko.zst:

            """
        #expect(
            ModuleCatalogue.names(inIndex: dependencies) == ["ip_vs_rr", "ip_vs", "some_driver"]
        )
        #expect(
            ModuleCatalogue.names(inIndex: "kernel/drivers/net/dummy.ko\nkernel/fs/fuse/fuse.ko")
                == ["dummy", "fuse"]
        )
        #expect(ModuleCatalogue.names(inIndex: "\n\n").isEmpty)
    }

    @Test func readsWhatIsLoaded() {
        let text = """
            ip_vs_rr 16384 2 - Live 0x0000000000000000
            ip_vs 200704 4 ip_vs_rr, Live 0x0000000000000000

            """
        #expect(ModuleCatalogue.names(inProcModules: text) == ["ip_vs_rr", "ip_vs"])
    }

    @Test func readsTheOptionsOfAKernel() {
        let text = """
            # Linux/x86 6.1.0 Kernel Configuration
            CONFIG_IP_VS=m
            CONFIG_IP_VS_TAB_BITS=12
            # CONFIG_IP_VS_DEBUG is not set
            CONFIG_NF_TABLES=y

            """
        #expect(ModuleCatalogue.options(in: text) == ["IP_VS": "m", "NF_TABLES": "y"])
    }

    @Test func knowsInstallLinesThatForbidFromThoseThatLoad() {
        let text = """
            # install dummy /bin/true
            install ip_vs /bin/false
            install  ip-vs-rr\t/usr/bin/true
            install sctp /sbin/modprobe --ignore-install sctp
            blacklist xt_set

            """
        #expect(ModuleCatalogue.forbidden(inModprobeFile: text) == ["ip_vs", "ip_vs_rr"])
    }

    private static func catalogue(
        _ change: (inout ModuleCatalogue) -> Void
    ) -> ModuleCatalogue {
        var catalogue = ModuleCatalogue(release: "6.1.0")
        catalogue.loaded = []
        catalogue.builtIn = []
        catalogue.loadable = []
        change(&catalogue)
        return catalogue
    }

    @Test func tellsEveryStateOfAModule() {
        #expect(Self.catalogue { $0.loaded = ["ip_vs"] }.state(of: .ipvs) == .loaded)
        #expect(Self.catalogue { $0.builtIn = ["ip_vs"] }.state(of: .ipvs) == .builtIn)
        #expect(Self.catalogue { $0.evident = [.ipvs] }.state(of: .ipvs) == .builtIn)
        #expect(Self.catalogue { $0.options = ["DUMMY": "y"] }.state(of: .dummy) == .builtIn)
        #expect(Self.catalogue { $0.loadable = ["ip_vs"] }.state(of: .ipvs) == .loadable)
        #expect(Self.catalogue { _ in }.state(of: .ipvs) == .missing)
        let forbidden = Self.catalogue {
            $0.loadable = ["ip_vs"]
            $0.forbidden = ["ip_vs": "/etc/modprobe.d/hardening.conf"]
        }
        #expect(
            forbidden.state(of: .ipvs) == .forbidden(file: "/etc/modprobe.d/hardening.conf")
        )
        let locked = Self.catalogue {
            $0.loadable = ["ip_vs"]
            $0.isLocked = true
        }
        #expect(locked.state(of: .ipvs) == .locked)
    }

    @Test func doesNotClaimWhatAContainerCannotSee() {
        var catalogue = ModuleCatalogue(release: "6.1.0")
        catalogue.loaded = ["xt_set"]
        #expect(catalogue.state(of: .ipvs) == .unknown)
        catalogue.options = ["IP_VS": "m"]
        #expect(catalogue.state(of: .ipvs) == .unknown)
        catalogue.options = [:]
        #expect(catalogue.state(of: .ipvs) == .missing)
    }

    @Test func aKernelWithoutModulesHasWhatShowsAndWhatItWasBuiltWith() {
        var catalogue = ModuleCatalogue(release: "6.1.0")
        #expect(catalogue.state(of: .ipvs) == .missing)
        #expect(catalogue.state(of: .dummy) == .unknown)
        catalogue.options = ["DUMMY": "y"]
        #expect(catalogue.state(of: .dummy) == .builtIn)
        #expect(catalogue.state(of: .scheduler(.roundRobin)) == .missing)
    }

    @Test func knowsPartsThatHadAnotherNameInOlderKernels() throws {
        let masquerade = try #require(
            KernelModule.matches.first { $0.name == "xt_MASQUERADE" }
        )
        let old = Self.catalogue { $0.loaded = ["ipt_MASQUERADE"] }
        #expect(old.state(of: masquerade) == .loaded)
        var tables = ModuleCatalogue(release: "5.10.0")
        tables.loaded = []
        tables.options = ["IP_NF_IPTABLES": "m"]
        #expect(tables.state(of: .legacyIPv4) == .unknown)
    }

    @Test func whatWouldShowIfItWereBuiltInIsNot() {
        var catalogue = ModuleCatalogue(release: "6.18.0")
        catalogue.options = ["IP_NF_IPTABLES": "y", "IP_SET": "y"]
        #expect(catalogue.state(of: .legacyIPv4) == .missing)
        #expect(catalogue.state(of: .addressSets) == .builtIn)
        catalogue.evident = [.legacyIPv4]
        #expect(catalogue.state(of: .legacyIPv4) == .builtIn)
    }

    @Test func asksForSchedulersAsTheKernelDoes() {
        #expect(KernelModule.scheduler(.maglevHashing).name == "ip_vs_mh")
        #expect(KernelModule.scheduler(.maglevHashing).option == "IP_VS_MH")
    }
}
