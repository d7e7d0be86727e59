import Addressing

extension AddressSet {
    /// Whether the kernel takes this member: one of the set's kind and family, that is not empty.
    ///
    /// The kernel takes no prefix of length 0 (`hash_ipportnet4_uadt`,
    /// `net/netfilter/ipset/ip_set_hash_ipportnet.c`), and no 0.0.0.0 as an address of its own
    /// (`ip_set_hash_ip.c`).
    package func takes(_ member: SetMember) -> Bool {
        switch (kind, member) {
        case (.port, .port): true
        case (.address, .address(let address)):
            address.family == family && address != .ipv4(0)
        case (.addressPort, .frontend(let endpoint, _)),
            (.addressPortAddress, .hairpin(let endpoint, _)):
            endpoint.address.family == family
        case (.addressPortPrefix, .permission(let endpoint, _, let prefix)):
            endpoint.address.family == family && prefix.address.family == family
                && prefix.length > 0
        default: false
        }
    }
}
