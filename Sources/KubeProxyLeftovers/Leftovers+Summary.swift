import Addressing
import DataplaneModel

extension Leftovers {
    /// How much there is of what, in a line; empty for nothing.
    ///
    /// `22 chains and calls of them (iptables-legacy), 34 address sets, 3 virtual servers`
    package var summary: String {
        var tables = 0
        var rules: [String: Int] = [:]
        var sets = 0
        var servers = 0
        var addresses = 0
        var hasDevice = false
        for step in steps {
            switch step {
            case .deleteTable: tables += 1
            case .removeRules(let removal):
                rules[removal.program, default: 0] +=
                    removal.deleted.count + removal.emptied.count + removal.calls.count
            case .destroySet: sets += 1
            case .deleteVirtualServer: servers += 1
            case .removeAddress: addresses += 1
            case .removeDevice: hasDevice = true
            }
        }
        var parts = [Self.count(tables, "nftables table")]
        parts += rules.sorted { $0.key > $1.key }.map { program, number in
            "\(number) chains and calls of them (\(program))"
        }
        parts.append(Self.count(sets, "address set"))
        parts.append(Self.count(servers, "virtual server"))
        parts.append(Self.count(addresses, "service address", plural: "service addresses"))
        if hasDevice { parts.append("the device \(ProxyNames.device)") }
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    private static func count(_ number: Int, _ noun: String, plural: String? = nil) -> String? {
        guard number > 0 else { return nil }
        return "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }
}
