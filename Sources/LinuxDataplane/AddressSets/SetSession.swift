import Addressing
import CIPSet
import DataplaneModel
import Glibc

/// The only owner of libipset in this process: makes sets, adds members and removes them.
///
/// It uses no callback of the library and none of its text parsing. What went wrong is in the
/// session's report and nowhere else: return values may say that all is well. The library remembers
/// the type of each set it made, for the whole process, and does not notice when somebody else makes
/// the set anew; so it is made to forget, and the kernel is asked before each use.
@safe
final class SetSession {
    private let handle: OpaquePointer
    private let data: OpaquePointer

    /// A set that is there and of the kind that it should be.
    @safe
    struct Target {
        fileprivate let set: AddressSet
        fileprivate let type: UnsafeRawPointer
    }

    /// What the library reported.
    struct Report: Error, Hashable {
        let code: ErrorNumber
        let words: String
    }

    /// What is done with a member.
    enum Change {
        case put(mark: UInt32)
        case remove
    }

    /// Opens a session in the network namespace of the calling thread.
    ///
    /// A kernel without sets is no error before something is to be done with it.
    ///
    /// - Throws: `DataplaneError` when there is no memory.
    init() throws(DataplaneError) {
        ipset_load_types()
        guard let handle = unsafe ipset_session_init(nil, nil),
            let data = unsafe ipset_session_data(handle)
        else {
            throw DataplaneError(
                action: "open a session of libipset",
                code: ErrorNumber(rawValue: ENOMEM)
            )
        }
        unsafe self.handle = unsafe handle
        unsafe self.data = unsafe data
        // Adding a member that is there changes its mark, and removing one that is not is no error.
        unsafe ipset_envopt_set(handle, IPSET_ENV_EXIST)
        // Else the library would open its socket on whichever thread gives the first command.
        unsafe ipset_cmd(handle, IPSET_CMD_NONE, 0)
        unsafe ipset_session_report_reset(handle)
    }

    deinit { unsafe ipset_session_fini(handle) }

    /// Makes a set.
    ///
    /// - Throws: what was reported; `EEXIST` when one of that name is not the same in all respects.
    func create(_ set: AddressSet, capacity: Int) throws(Report) {
        begin()
        give(IPSET_SETNAME, set.name)
        give(IPSET_OPT_TYPENAME, set.kind.rawValue)
        if set.kind != .port { give(IPSET_OPT_FAMILY, set.family.setFamily) }
        _ = unsafe ipset_type_get(handle, IPSET_CMD_CREATE)
        try check()
        if set.kind == .port {
            give(IPSET_OPT_PORT, UInt16.min)
            give(IPSET_OPT_PORT_TO, UInt16.max)
        } else {
            give(IPSET_OPT_HASHSIZE, Self.buckets(for: capacity))
            give(IPSET_OPT_MAXELEM, Self.mostMembers)
        }
        if set.hasMarks { give(IPSET_OPT_SKBINFO, UInt32(1)) }
        unsafe ipset_cmd(handle, IPSET_CMD_CREATE, 0)
        unsafe ipset_cache_del(set.name)
        try check()
    }

    /// The most members of a set; one address has to have room for every Service port there may be.
    private static let mostMembers: UInt32 = 4 << 20

    /// As many buckets as there will be members, so that the kernel need not make the table anew
    /// while it grows; a power of two, as the kernel has it.
    static func buckets(for capacity: Int) -> UInt32 {
        var buckets: UInt32 = 1024
        while Int(buckets) < capacity, buckets < 1 << 20 { buckets *= 2 }
        return buckets
    }

    /// Removes a set of any kind, whoever made it, with its members.
    ///
    /// - Throws: what was reported; `EBUSY` when a rule or another set uses it, `ENOENT` when there
    ///   is none.
    func destroy(_ name: String) throws(Report) {
        begin()
        give(IPSET_SETNAME, name)
        unsafe ipset_cmd(handle, IPSET_CMD_DESTROY, 0)
        try check()
    }

    /// Looks a set up in the kernel.
    ///
    /// - Throws: what was reported; `ENOENT` when there is none, `EINVAL` when it is of another kind.
    func target(_ set: AddressSet) throws(Report) -> Target {
        begin()
        give(IPSET_SETNAME, set.name)
        let type = unsafe ipset_type_get(handle, IPSET_CMD_ADD)
        try check()
        let family = unsafe ipset_data_family(data)
        let name = unsafe ipset_data_get(data, IPSET_OPT_TYPENAME).map {
            unsafe String(cString: $0.assumingMemoryBound(to: CChar.self))
        }
        unsafe ipset_data_reset(data)
        guard let type = unsafe type, let name, name == set.kind.rawValue,
            set.kind == .port || family == set.family.setFamily
        else {
            throw Report(
                code: .invalid,
                words: "the set is of the kind \(name ?? "?") and not \(set.kind.rawValue)"
            )
        }
        return unsafe Target(set: set, type: UnsafeRawPointer(type))
    }

    /// Changes members of a set together, in as few messages as they fit into.
    ///
    /// - Throws: what was reported. Some of the changes have been made then, and which is not known.
    func change(_ members: [(SetMember, Change)], of target: Target) throws(Report) {
        begin()
        for (number, (member, change)) in members.enumerated() {
            // With a number, the library gathers; it need only not be 0.
            command(change, member, of: target, line: UInt32(number + 1))
            try check()
        }
        unsafe ipset_commit(handle)
        try check()
    }

    /// Changes one member.
    ///
    /// - Throws: what was reported. Nothing has been changed then.
    func change(_ member: SetMember, _ change: Change, of target: Target) throws(Report) {
        begin()
        command(change, member, of: target, line: 0)
        try check()
    }

    private func command(
        _ change: Change,
        _ member: SetMember,
        of target: Target,
        line: UInt32
    ) {
        give(IPSET_SETNAME, target.set.name)
        unsafe ipset_data_set(data, IPSET_OPT_TYPE, target.type)
        give(IPSET_OPT_FAMILY, target.set.kind == .port ? 0 : target.set.family.setFamily)
        give(member)
        switch change {
        case .put(let mark):
            if target.set.hasMarks || mark != 0 {
                // The whole mark is the member's, as the mask says in the lower half.
                give(IPSET_OPT_SKBMARK, UInt64(mark) << 32 | 0xffff_ffff)
            }
            unsafe ipset_cmd(handle, IPSET_CMD_ADD, line)
        case .remove:
            unsafe ipset_cmd(handle, IPSET_CMD_DEL, line)
        }
    }

    private func give(_ member: SetMember) {
        switch member {
        case .port(let port):
            give(IPSET_OPT_PORT, port)
        case .address(let address):
            give(IPSET_OPT_IP, address)
        case .frontend(let endpoint, let transport):
            give(endpoint, transport)
        case .hairpin(let endpoint, let transport):
            give(endpoint, transport)
            give(IPSET_OPT_IP2, endpoint.address)
        case .permission(let endpoint, let transport, let prefix):
            give(endpoint, transport)
            give(IPSET_OPT_IP2, prefix.address)
            give(IPSET_OPT_CIDR2, UInt8(prefix.length))
        }
    }

    private func give(_ endpoint: SocketEndpoint, _ transport: TransportProtocol) {
        give(IPSET_OPT_IP, endpoint.address)
        // A number: the library would look a name up in /etc/protocols each time.
        give(IPSET_OPT_PROTO, transport.rawValue)
        give(IPSET_OPT_PORT, endpoint.port)
    }

    private func give(_ option: ipset_opt, _ address: IPAddress) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        address.forEachByte { bytes.append($0) }
        // The library reads the 4 or 16 bytes of the family that it was told before.
        while bytes.count < 16 { bytes.append(0) }
        unsafe bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe ipset_data_set(data, option, start)
        }
    }

    private func give(_ option: ipset_opt, _ text: String) {
        _ = unsafe text.withCString { text in unsafe ipset_data_set(data, option, text) }
    }

    private func give(_ option: ipset_opt, _ number: some FixedWidthInteger) {
        _ = unsafe withUnsafePointer(to: number) { number in
            unsafe ipset_data_set(data, option, number)
        }
    }

    /// Forgets what was said and reported before, and that members were being gathered.
    private func begin() {
        unsafe ipset_session_lineno(handle, 0)
        unsafe ipset_data_reset(data)
        unsafe ipset_session_report_reset(handle)
    }

    private func check() throws(Report) {
        guard unsafe ipset_session_report_type(handle) != IPSET_NO_ERROR else { return }
        let text = unsafe String(cString: ipset_session_report_msg(handle))
        unsafe ipset_session_report_reset(handle)
        unsafe ipset_data_reset(data)
        throw Report(text)
    }
}

extension SetSession.Report {
    /// What the text of a report says.
    ///
    /// The library keeps the kernel's number to itself; its words are in `lib/errcode.c`.
    init(_ text: String) {
        var words = text[...]
        if words.hasPrefix("Error in line "), let colon = words.firstIndex(of: ":") {
            words = words[words.index(after: colon)...].drop { $0 == " " }
        }
        words = words.prefix { $0 != "\n" }
        self.init(code: Self.code(words), words: String(words))
    }

    private static func code(_ words: Substring) -> ErrorNumber {
        let known: [(String, ErrorNumber)] = [
            ("The set with the given name does not exist", .noEntry),
            ("Set cannot be created: set with the same name already exists", .exists),
            ("Set cannot be destroyed: it is in use by a kernel component", .busy),
            ("Kernel error received: set type not supported", .notSupported),
            ("Cannot open session to kernel", .notSupported),
            ("Hash is full", ErrorNumber(rawValue: ENOSPC)),
        ]
        if let found = known.first(where: { words.hasPrefix($0.0) }) { return found.1 }
        let kernel = "Kernel error received: "
        guard words.hasPrefix(kernel) else { return .invalid }
        let name = words.dropFirst(kernel.count)
        let number = (1..<Int32(134)).first { unsafe String(cString: strerror($0)) == name }
        return ErrorNumber(rawValue: number ?? EINVAL)
    }
}
