/// What is asked of the kernel's connection tracking, for the whole node.
///
/// Time-outs are whole seconds of at most 596h, which is what the kernel can count in ticks of a
/// millisecond; zero leaves the kernel's value.
package struct ConnectionTrackingSettings: Hashable, Sendable {
    /// Connections for each processor; zero leaves the kernel's limit.
    package var maxPerCore = 0
    /// The least number of connections for the node; it counts when `maxPerCore` is not zero.
    package var minimum = 0
    package var tcpEstablishedTimeout = Duration.zero
    package var tcpCloseWaitTimeout = Duration.zero
    /// Whether TCP packets outside the window count as valid; false leaves the kernel's value.
    package var tcpBeLiberal = false
    package var udpTimeout = Duration.zero
    package var udpStreamTimeout = Duration.zero

    package init() {}

    static let timeout = ValueForm<Duration>.duration(
        .seconds(1) ... .seconds(596 * 3600),
        allowsZero: true,
        wholeSeconds: true
    )
    static let number = ValueForm<Int>.wholeNumber(0...Int(Int32.max))
}

extension ConnectionTrackingSettings: ConfigurationSection {
    static var fields: [Field<ConnectionTrackingSettings>] {
        [
            .value(
                "maxPerCore",
                \.maxPerCore,
                number,
                """
                How many connections the kernel may track for each processor (the kernel parameter \
                nf_conntrack_max, which is only ever raised). 0 leaves it.
                """
            ),
            .value(
                "minimum",
                \.minimum,
                number,
                """
                How many connections the kernel may track at least, however few processors there \
                are. It counts when maxPerCore is not 0.
                """
            ),
            .value(
                "tcpEstablishedTimeout",
                \.tcpEstablishedTimeout,
                timeout,
                "How long an idle TCP connection is remembered. 0s leaves the kernel's value."
            ),
            .value(
                "tcpCloseWaitTimeout",
                \.tcpCloseWaitTimeout,
                timeout,
                """
                How long a TCP connection is remembered that one side has closed. 0s leaves the \
                kernel's value.
                """
            ),
            .value(
                "tcpBeLiberal",
                \.tcpBeLiberal,
                .truth,
                """
                Whether TCP packets outside the window count as part of their connection. false \
                leaves the kernel's value.
                """
            ),
            .value(
                "udpTimeout",
                \.udpTimeout,
                timeout,
                "How long UDP packets without an answer are remembered. 0s leaves the kernel's value."
            ),
            .value(
                "udpStreamTimeout",
                \.udpStreamTimeout,
                timeout,
                "How long UDP packets with answers are remembered. 0s leaves the kernel's value."
            ),
        ]
    }
}
