import Addressing
package import DataplaneModel
import Glibc
import SystemPackage

/// What in the kernel is ours, on file, because the kernel does not keep it.
///
/// A journal below `/run`, gone after a reboot as the kernel's state is. A line is written before an
/// object is made and after it is gone, so that a crash in between leaves a line too many, never an
/// object too many. One line is one `write`; a last line that was cut off is passed over.
package struct OwnershipRecord: Sendable {
    private let directory: String
    private var lines = 0
    /// The file is missing, or ends in the middle of a line that the next one would be glued to.
    private var needsRewriting = true
    private var owned: [OwnedObject: String] = [:]
    /// What is wrong with the file as it was read last; nil for a whole one, and for none at all.
    private(set) var isDamaged = false
    private(set) var isMissing = false

    static let header = "fairlead-ownership 1"

    /// A record in a directory, which is made when something is first written.
    package init(directory: String) { self.directory = directory }

    /// The file of the record in a directory.
    package static func path(in directory: String) -> String { directory + "/ownership" }

    private var path: String { Self.path(in: directory) }

    /// Reads the record from its file; empty when there is none.
    ///
    /// - Throws: `DataplaneError` when there is one that cannot be read. The record is then as it was.
    package mutating func load() throws(DataplaneError) -> [OwnedObject: String] {
        let found = try HostFile.readOwn(path)
        let text = found ?? ""
        let parsed = Self.parse(text)
        owned = parsed.owned
        lines = parsed.lines
        isMissing = found == nil
        isDamaged = found.map { !Self.isWhole($0) } ?? false
        needsRewriting = isDamaged || text.last != "\n"
        return owned
    }

    /// What is wrong with the record that was read last, in a sentence; nil where all is well.
    ///
    /// Without a record there is nothing wrong unless something of ours was found.
    func problem(hasLeftovers: Bool) -> String? {
        guard isDamaged || isMissing && hasLeftovers else { return nil }
        return """
            the record of what is ours, \(path), is \(isDamaged ? "damaged" : "missing"): routes, \
            rules and sets say themselves that they are ours, and virtual servers that a Service \
            needs are taken over; others that were ours stay, and nothing comes to them any more \
            ("ipvsadm -Ln" shows them, "ipvsadm -D" removes them)
            """
    }

    /// The claims in a journal's text, and how many lines it has.
    ///
    /// Lines that make no sense count but claim nothing.
    package static func parse(_ text: String) -> (owned: [OwnedObject: String], lines: Int) {
        var owned: [OwnedObject: String] = [:]
        var lines = 0
        for line in text.split(separator: "\n") {
            lines += 1
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == 3, let object = OwnedObject(recorded: fields[1]) else { continue }
            switch fields[0] {
            case "+": owned[object] = fields[2].filter { !$0.isWhitespace }
            case "-": owned[object] = nil
            default: break
            }
        }
        return (owned, lines)
    }

    /// The Service port of each virtual server that the text of a record names.
    package static func serviceNames(in text: String) -> [VirtualServerKey: String] {
        var names: [VirtualServerKey: String] = [:]
        for (object, name) in parse(text).owned {
            if case .virtualServer(let key) = object { names[key] = name }
        }
        return names
    }

    /// Writes claims and releases, in their order, in one system call.
    ///
    /// - Throws: `DataplaneError` when they could not be written; none of them counts then.
    package mutating func record(_ operations: ArraySlice<Operation>) throws(DataplaneError) {
        var after = owned
        var text = ""
        for operation in operations {
            switch operation {
            case .claim(let object, let name):
                after[object] = name
                text += Self.line("+", object, name)
            case .release(let object):
                after[object] = nil
                text += Self.line("-", object, "")
            default:
                break
            }
        }
        let added = operations.count
        // Rewritten now and then, so that it does not grow with every Service that ever was.
        if needsRewriting || lines + added > 4 * after.count + 1024 {
            try HostFile.makeDirectory(directory)
            try HostFile.replace(path, with: Self.text(of: after))
            lines = after.count + 1
            needsRewriting = false
        } else {
            // A line that was written in part must not have another one glued to it.
            needsRewriting = true
            try append(text)
            needsRewriting = false
            lines += added
        }
        owned = after
    }

    private func append(_ text: String) throws(DataplaneError) {
        do {
            let file = try FileDescriptor.open(
                FilePath(path),
                .writeOnly,
                options: [.append, .create, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]
            )
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
        } catch {
            throw HostFile.error(error, action: "write \(path)")
        }
    }

    /// The text of a journal that claims these objects and nothing else.
    package static func text(of owned: [OwnedObject: String]) -> String {
        var text = header + "\n"
        for (object, name) in owned.sorted(by: { $0.key < $1.key }) {
            text += line("+", object, name)
        }
        return text
    }

    private static func line(_ sign: String, _ object: OwnedObject, _ name: String) -> String {
        // A name with a tab or a newline in it is no Kubernetes name, and must not make a line.
        let name = name.filter { !$0.isWhitespace }
        return "\(sign)\t\(object.recorded)\t\(name)\n"
    }
}

extension OwnedObject {
    fileprivate var recorded: String {
        switch self {
        case .virtualServer(let key): key.description
        case .address(let address): "address \(address)"
        }
    }

    fileprivate init?(recorded text: some StringProtocol) {
        if text.hasPrefix("address ") {
            guard let address = try? IPAddress(text.dropFirst("address ".count)) else { return nil }
            self = .address(address)
        } else {
            guard let key = VirtualServerKey(text) else { return nil }
            self = .virtualServer(key)
        }
    }
}
