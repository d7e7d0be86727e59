import Addressing
package import DataplaneModel

/// One row for each real server, with everything that can be read of it in aligned columns.
package struct WideListing {
    package var serviceNames: [VirtualServerKey: String]

    package init(serviceNames: [VirtualServerKey: String]) { self.serviceNames = serviceNames }

    private static let headings = [
        "PROTO", "VIRTUAL", "SCHEDULER", "FLAGS", "PERSISTENT", "REAL", "FORWARD", "WEIGHT",
        "ACTIVE", "INACTIVE", "CONNS", "IN-PKTS", "OUT-PKTS", "IN-BYTES", "OUT-BYTES", "SERVICE",
    ]

    /// A virtual server without real servers has one row with dashes.
    package func text(of servers: [VirtualServerReading]) -> String {
        var rows = [Self.headings]
        for reading in servers.sorted(by: { $0.server.key < $1.server.key }) {
            let prefix = columns(of: reading.server)
            let service = serviceNames[reading.server.key] ?? "-"
            let realServers = reading.realServers.sorted { $0.server.address < $1.server.address }
            for realServer in realServers {
                rows.append(prefix + Self.columns(of: realServer) + [service])
            }
            if realServers.isEmpty {
                rows.append(prefix + Array(repeating: "-", count: 10) + [service])
            }
        }
        return Self.aligned(rows)
    }

    private func columns(of server: VirtualServer) -> [String] {
        let identity =
            switch server.key {
            case .address(let endpoint, let transport): [transport.description, "\(endpoint)"]
            case .firewallMark(let mark, let family): ["FWM", "\(mark)/\(family)"]
            }
        let flags = server.schedulerFlagNames + (server.onePacket ? ["ops"] : [])
        return identity + [
            server.scheduler.rawValue, flags.isEmpty ? "-" : flags.joined(separator: ","),
            server.persistence.map { "\($0.timeout)s" } ?? "-",
        ]
    }

    private static func columns(of reading: RealServerReading) -> [String] {
        let totals = reading.statistics
        return [
            "\(reading.server.address)", reading.server.forwarding.listedName,
            "\(reading.server.weight)", "\(reading.activeConnections)",
            "\(reading.inactiveConnections)", "\(totals.connections)", "\(totals.inPackets)",
            "\(totals.outPackets)", "\(totals.inBytes)", "\(totals.outBytes)",
        ]
    }

    private static func aligned(_ rows: [[String]]) -> String {
        var widths = headings.map(\.count)
        for row in rows {
            for (column, field) in row.enumerated() {
                widths[column] = max(widths[column], field.count)
            }
        }
        var text = ""
        for row in rows {
            let last = row.count - 1
            for (column, field) in row.enumerated() {
                text += column == last ? field : field.padded(to: widths[column]) + "  "
            }
            text += "\n"
        }
        return text
    }
}
