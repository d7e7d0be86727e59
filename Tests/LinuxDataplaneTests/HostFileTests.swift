import DataplaneModel
import Glibc
import LinuxDataplane
import Testing

@Suite struct HostFileTests {
    private let directory = "/tmp/fairlead-files-\(UInt64.random(in: 0 ... .max))"

    init() throws { try HostFile.makeDirectory(directory) }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }

    private func empty(_ names: String...) {
        for name in names { unsafe unlink(path(name)) }
        unsafe rmdir(directory)
    }

    private func require(_ result: Int32) throws { try #require(result == 0) }

    @Test func aFileThatIsTooLongIsNotRead() throws {
        defer { empty("a") }
        try HostFile.replace(path("a"), with: "0123456789")
        #expect(try HostFile.read(path("a"), upTo: 10) == "0123456789")
        let error = #expect(throws: DataplaneError.self) { try HostFile.read(path("a"), upTo: 9) }
        #expect(error?.code.rawValue == EFBIG)
        #expect(throws: DataplaneError.self) { try HostFile.read("/dev/zero", upTo: 1 << 20) }
    }

    @Test func ownFilesAreNotReadThroughALink() throws {
        defer { empty("a", "b") }
        try HostFile.replace(path("a"), with: "secret")
        try unsafe require(symlink(path("a"), path("b")))
        #expect(try HostFile.readOwn(path("a")) == "secret")
        let error = #expect(throws: DataplaneError.self) { try HostFile.readOwn(path("b")) }
        #expect(error?.code.rawValue == ELOOP)
        #expect(try HostFile.readOwn(path("c")) == nil)
    }

    @Test func whatOthersPutInTheWayOfATemporaryFileIsNotWrittenTo() throws {
        defer { empty("a", "victim", "a.new") }
        try HostFile.replace(path("victim"), with: "as it was")
        try unsafe require(symlink(path("victim"), path("a.new")))
        try HostFile.replace(path("a"), with: "new")
        #expect(try HostFile.read(path("victim")) == "as it was")
        try unsafe require(link(path("victim"), path("a.new")))
        try HostFile.replace(path("a"), with: "newer")
        #expect(try HostFile.read(path("victim")) == "as it was")
        #expect(try HostFile.read(path("a")) == "newer")
    }

    @Test(arguments: [
        (0o755, true), (0o700, true), (0o775, false), (0o757, false), (0o1777, false),
    ])
    func aDirectoryIsOwnOnlyWhenNobodyElseCanWriteThere(mode: mode_t, isOwn: Bool) throws {
        defer { empty() }
        try unsafe require(chmod(directory, mode))
        if isOwn {
            try HostFile.requireOwnDirectory(directory)
        } else {
            let error = #expect(throws: DataplaneError.self) {
                try HostFile.requireOwnDirectory(directory)
            }
            #expect(error?.description.contains("chmod 755 \(directory)") == true)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a directory away"))
    func aDirectoryOfAnotherUserIsRefused() throws {
        defer { empty() }
        try unsafe require(chown(directory, 1000, 1000))
        let error = #expect(throws: DataplaneError.self) {
            try InstanceLock(stateDirectory: directory)
        }
        #expect(error?.description.contains("it belongs to user 1000") == true)
    }

    @Test func aLinkToADirectoryIsRefused() throws {
        let link = directory + "-link"
        defer {
            unsafe unlink(link)
            empty()
        }
        try unsafe require(symlink(directory, link))
        let error = #expect(throws: DataplaneError.self) {
            try InstanceLock(stateDirectory: link)
        }
        #expect(error?.description.contains("it is a link or a file") == true)
    }
}
