import Addressing
import DataplaneModel
import Netlink

/// Reads the kernel's sets; it changes nothing.
///
/// `libipset` hands sets over as text only.
struct SetSocket: ~Copyable {
    private var socket: NetlinkSocket

    /// What a set is, apart from its members.
    struct Header: Hashable {
        var type = ""
        var family: UInt8 = 0
        var hasMarks = false

        init() {}

        /// What a set of ours must be.
        init(of set: AddressSet) {
            type = set.kind.rawValue
            family = set.kind == .port ? 0 : set.family.setFamily
            hasMarks = set.hasMarks
        }
    }

    /// Opens a conversation; nil when this kernel has no packet filtering at all.
    static func open() -> SetSocket? {
        guard let socket = try? NetlinkSocket(.netfilter) else { return nil }
        return SetSocket(socket: socket)
    }

    private init(socket: consuming NetlinkSocket) { self.socket = socket }

    /// System calls made so far.
    var systemCalls: Int { socket.systemCalls }

    /// The sets that are called as ours are, by name; none where the kernel has no sets.
    mutating func names() throws(DataplaneError) -> Set<AddressSet> {
        Set(try allNames().compactMap { AddressSet(name: $0) })
    }

    /// The names of all sets, whoever made them; none where the kernel has no sets.
    mutating func allNames() throws(DataplaneError) -> Set<String> {
        var found: Set<String> = []
        do throws(DataplaneError) {
            try list("list the address sets", flags: SetProtocol.onlyNames) { payload in
                forEachAttribute(in: payload) { type, content in
                    if type == SetProtocol.Top.name { found.insert(content.text()) }
                }
            }
        } catch {
            // So the kernel answers for a part of netfilter that it does not have.
            if error.code == .invalid { return [] }
            throw error
        }
        return found
    }

    /// What the set of a name is; nil when there is none.
    mutating func header(of set: AddressSet) throws(DataplaneError) -> Header? {
        var header: Header?
        try optionally { socket throws(DataplaneError) in
            try socket.list(
                "read the address set \(set)",
                of: set.name,
                flags: SetProtocol.onlyHeader
            ) { payload in
                var found = header ?? Header()
                forEachAttribute(in: payload) { type, content in
                    switch type {
                    case SetProtocol.Top.type: found.type = content.text()
                    case SetProtocol.Top.family: found.family = content.number()
                    case SetProtocol.Top.data:
                        forEachAttribute(in: content) { type, content in
                            guard type == SetProtocol.Data.flags else { return }
                            found.hasMarks =
                                content.networkOrderWord() & SetProtocol.withMarks != 0
                        }
                    default: break
                    }
                }
                header = found
            }
        }
        return header
    }

    /// The members of a set with their marks; nil when there is no such set.
    ///
    /// Members of another kind than the set's are passed over.
    mutating func members(
        of set: AddressSet
    ) throws(DataplaneError) -> [SetMember: UInt32]? {
        var members: [SetMember: UInt32]?
        try optionally { socket throws(DataplaneError) in
            try socket.list("list the address set \(set)", of: set.name) { payload in
                var found = members.take() ?? [:]
                SetDecoding.forEachMember(in: payload, of: set) { found[$0] = $1 }
                members = found
            }
        }
        return members
    }

    /// The ports of all members of a set, whoever made it; none when there is no such set.
    mutating func ports(of name: String) throws(DataplaneError) -> Set<UInt16> {
        var ports: Set<UInt16> = []
        try optionally { socket throws(DataplaneError) in
            try socket.list("list the address set \(name)", of: name) { payload in
                forEachAttribute(in: payload) { type, members in
                    guard type == SetProtocol.Top.members else { return }
                    forEachAttribute(in: members) { type, member in
                        guard type == SetProtocol.Top.data else { return }
                        forEachAttribute(in: member) { type, content in
                            guard type == SetProtocol.Data.port else { return }
                            ports.insert(content.networkOrderNumber())
                        }
                    }
                }
            }
        }
        return ports
    }

    /// That something is not there is no error.
    private mutating func optionally(
        _ body: (inout SetSocket) throws(DataplaneError) -> Void
    ) throws(DataplaneError) {
        do throws(DataplaneError) {
            try body(&self)
        } catch {
            guard error.code == .noEntry || error.code == .invalid else { throw error }
        }
    }

    private mutating func list(
        _ action: String,
        of name: String? = nil,
        flags: UInt32 = 0,
        _ body: (Span<UInt8>) -> Void
    ) throws(DataplaneError) {
        do throws(NetlinkError) {
            try socket.request(type: SetProtocol.list, flags: .dump) { writer in
                // The header of every message of netfilter: any family, version 0.
                writer.zeros(4)
                writer.attribute(SetProtocol.Top.version, SetProtocol.version)
                if let name { writer.attribute(SetProtocol.Top.name, name) }
                guard flags != 0 else { return }
                writer.attribute(SetProtocol.Top.flags | SetProtocol.networkOrder) { writer in
                    writer.raw(flags.bigEndian)
                }
            } reply: { _, payload in
                guard payload.count >= 4 else { return }
                body(payload.extracting(4..<payload.count))
            }
        } catch {
            throw DataplaneError(error, action: action)
        }
    }
}

extension AddressFamily {
    /// The number the kernel's sets give to a family.
    var setFamily: UInt8 {
        self == .ipv4 ? SetProtocol.familyIPv4 : SetProtocol.familyIPv6
    }
}

extension Span where Element == UInt8 {
    /// The 32-bit number at the start, in network byte order.
    func networkOrderWord() -> UInt32 {
        guard count >= 4 else { return 0 }
        return (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(self[$1]) }
    }
}
