import Addressing
import DataplaneModel
import Glibc
import LinuxDataplane
import NetworkLab
import Testing

/// The kernels these tests need: as root, in namespaces that they make themselves.
enum TestKernel: String {
    /// IPVS is loaded.
    case ipvs
    /// IPVS is loaded, and there is a real API server to be started.
    case cluster
    /// IPVS can be loaded, and is not.
    case unloaded
    /// There is no IPVS.
    case none
    /// Lists of recent clients (`xt_recent`) and of connections (`nf_conntrack_netlink`) cannot be had.
    case forgetful
    /// That of the machine the tests are on, which stays as it is but for namespaces of the tests.
    case host

    /// Set by whoever starts these tests in a kernel that may be changed at will.
    private static var provided: TestKernel? {
        unsafe getenv("FAIRLEAD_KERNEL_TESTS").flatMap {
            TestKernel(rawValue: unsafe String(cString: $0))
        }
    }

    var isProvided: Bool { Self.provided == self }

    /// Whether the kernel makes devices of the kind `dummy`.
    static let hasDummyDevices: Bool = {
        let outcome = try? NetworkNamespace("probe").perform {
            try Command.execute("ip", ["link", "add", "probe", "type", "dummy"])
        }
        return outcome?.status == 0
    }()

    static let reason: Comment = "needs a kernel of its own: Scripts/test runs it in one"

    /// A directory below /run for one test's record, which no other run of the tests has used.
    static func stateDirectory(_ name: String) -> String {
        "/run/fairlead-tests/\(getpid())/\(name)"
    }
}

/// The programs under test, as they were built beside the tests.
enum Programs {
    private static var directory: String {
        unsafe getenv("FAIRLEAD_PROGRAMS").map { unsafe String(cString: $0) } ?? ".build/debug"
    }

    static var fairlead: String { directory + "/fairlead" }

    static var benchmark: String { directory + "/Benchmark" }

    static var faultTrials: String { directory + "/FaultTrials" }
}
