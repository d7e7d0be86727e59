package import DataplaneModel

extension KernelParameter {
    /// `/proc/sys/net/ipv4/ip_forward`.
    ///
    /// A dot within an interface's name is a slash in the dotted form, as `sysctl` has it.
    var path: String {
        "/proc/sys/"
            + String(
                rawValue.map { character -> Character in
                    switch character {
                    case ".": "/"
                    case "/": "."
                    default: character
                    }
                }
            )
    }

    /// Its value; nil when this kernel has no such parameter.
    package func read() throws(DataplaneError) -> String? {
        guard let text = try HostFile.read(path) else { return nil }
        return String(text.prefix { $0 != "\n" })
    }

    func write(_ value: String) throws(DataplaneError) {
        try HostFile.write(value, to: path)
    }

    /// Whether each interface listens to router advertisements, by parameter.
    static func routerAdvertisements() -> [KernelParameter: String] {
        var found: [KernelParameter: String] = [:]
        for interface in HostFile.names(in: "/proc/sys/net/ipv6/conf") {
            let name = String(interface.map { $0 == "." ? "/" : $0 })
            let parameter = KernelParameter(rawValue: "net.ipv6.conf.\(name).accept_ra")
            // An interface may go away while it is being looked at.
            guard let value = try? parameter.read() else { continue }
            found[parameter] = value
        }
        return found
    }
}
