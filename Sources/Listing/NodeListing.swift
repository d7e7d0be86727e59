package import DataplaneModel

/// The short listings of `ipvsadm`: time-outs and synchronisation daemons, byte for byte.
package enum NodeListing {
    /// As `ipvsadm -L --timeout` prints it.
    package static func text(of timeouts: ConnectionTimeouts) -> String {
        "Timeout (tcp tcpfin udp): \(timeouts.tcp) \(timeouts.tcpFin) \(timeouts.udp)\n"
    }

    /// As `ipvsadm -L --daemon` prints them.
    package static func text(of daemons: [SyncDaemon]) -> String {
        var text = ""
        for daemon in daemons {
            text += "\(daemon.role) sync daemon (mcast=\(daemon.interface), syncid=\(daemon.syncID)"
            if daemon.maximumLength != 0 { text += ", maxlen=\(daemon.maximumLength)" }
            if let group = daemon.group { text += ", group=\(group)" }
            if daemon.port != 0 { text += ", port=\(daemon.port)" }
            if daemon.timeToLive != 0 { text += ", ttl=\(daemon.timeToLive)" }
            text += ")\n"
        }
        return text
    }
}
