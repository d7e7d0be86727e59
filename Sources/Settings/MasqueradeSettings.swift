/// Whose packets get the node's own address as source, and how they are marked for it.
package struct MasqueradeSettings: Hashable, Sendable {
    /// Whether that is done to all packets to cluster IPs, not only to those that need it.
    package var all = false
    /// The bit of the packet mark; 0…31.
    package var bit = 14

    package init() {}
}

extension MasqueradeSettings: ConfigurationSection {
    static var fields: [Field<MasqueradeSettings>] {
        [
            .value(
                "all",
                \.all,
                .truth,
                """
                Whether all packets to cluster IPs get the node's own address as source, those of \
                pods too.
                """
            ),
            .value(
                "bit",
                \.bit,
                .wholeNumber(0...31),
                """
                The bit of the packet mark by which the packet filter knows packets that are to \
                get the node's own address as source; no other program may use it.
                """
            ),
        ]
    }
}
