import Addressing
import LinuxDataplane
import NetworkLab

extension FilterPrograms.Variant {
    /// The variants that this kernel can hold rules for.
    static let working = [FilterPrograms.Variant.nft, .legacy].filter { variant in
        guard let programs = FilterPrograms(variant, .ipv4) else { return false }
        do {
            try NetworkNamespace("probe").perform {
                try programs.restore("*nat\n:PROBE - [0:0]\nCOMMIT\n")
            }
            return true
        } catch {
            return false
        }
    }

    /// Says that the node of the calling thread uses this variant, as its agent does by this chain.
    func hint() throws {
        for family in ["iptables", "ip6tables"] {
            try Command.run("\(family)-\(rawValue)", ["-t", "mangle", "-N", "KUBE-IPTABLES-HINT"])
        }
    }

    /// Takes that back.
    func withdrawHint() throws {
        for family in ["iptables", "ip6tables"] {
            try Command.run("\(family)-\(rawValue)", ["-t", "mangle", "-X", "KUBE-IPTABLES-HINT"])
        }
    }
}
