import Glibc
import Addressing
import DataplaneModel
import Netlink

/// The tables of nftables, read without the program `nft`, which a node need not have.
enum FilterTables {
    struct Table: Hashable {
        let family: AddressFamily
        let name: String
    }

    /// The corresponding C constants are `NFNL_SUBSYS_NFTABLES` and `NFT_MSG_GETTABLE`.
    private static let list = UInt16(10) << 8 | 1
    /// The corresponding C constant is `NFTA_TABLE_NAME`.
    private static let name: UInt16 = 1

    /// All tables that are for one family; nil when this kernel has no nftables.
    static func all() throws(DataplaneError) -> Set<Table>? {
        let action = "list the tables of nftables"
        var attempts = 0
        while true {
            attempts += 1
            var tables: Set<Table> = []
            do throws(NetlinkError) {
                var socket = try NetlinkSocket(.netfilter)
                // The header of every message of netfilter: any family, version 0.
                try socket.request(type: list, flags: .dump) {
                    $0.zeros(4)
                } reply: { _, payload in
                    guard payload.count >= 4, let family = family(payload[0]) else { return }
                    forEachAttribute(in: payload.extracting(4..<payload.count)) { type, content in
                        guard type == name else { return }
                        tables.insert(Table(family: family, name: content.text()))
                    }
                }
                return tables
            } catch {
                switch ErrorNumber(rawValue: error.code) {
                case .interrupted where attempts < 10: break
                // So the kernel answers for a part of netfilter that it does not have.
                case .invalid, .notSupported, ErrorNumber(rawValue: EPROTONOSUPPORT): return nil
                default: throw DataplaneError(error, action: action)
                }
            }
        }
    }

    private static func family(_ number: UInt8) -> AddressFamily? {
        switch number {
        case RouteProtocol.familyIPv4: .ipv4
        case RouteProtocol.familyIPv6: .ipv6
        default: nil
        }
    }
}
