import DataplaneModel
import Glibc
import Testing

@testable import LinuxDataplane

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
        #expect(error?.description.hasSuffix("decides what is read there") == true)
    }

    @Test(arguments: [
        (
            DataplaneError(action: "open it", code: .accessDenied), false,
            "open it: EACCES: run it as root"
        ),
        (
            DataplaneError(action: "make it", code: .notPermitted), false,
            "make it: EPERM: run it as root"
        ),
        (
            DataplaneError(action: "use it", code: .notPermitted, hint: "it belongs to user 1"),
            false, "use it: EPERM: it belongs to user 1"
        ),
        (
            DataplaneError(action: "open it", code: .accessDenied), true,
            "open it: EACCES: the record of what is ours is kept there; make it writable, or name "
                + "another directory as stateDirectory in the configuration"
        ),
        (
            DataplaneError(action: "open it", code: .inputOutput), false,
            "open it: EIO: the record of what is ours is kept there; make it writable, or name "
                + "another directory as stateDirectory in the configuration"
        ),
    ])
    func aStateDirectoryThatCannotBeUsedIsNamedWithWhatHelps(
        error: DataplaneError,
        isRoot: Bool,
        sentence: String
    ) {
        #expect(InstanceLock.explained(error, isRoot: isRoot).description == sentence)
    }

    @Test func whoeverHasTheLockOfAStateDirectoryIsKnown() throws {
        // On a tmpfs, where files have the device numbers that /proc/locks shows.
        let directory = "/dev/shm/fairlead-lock-\(UInt64.random(in: 0 ... .max))"
        defer { try? HostFile.remove(directory + "/lock") }
        #expect(InstanceLock.holder(stateDirectory: directory) == nil)
        do {
            let lock = try InstanceLock(stateDirectory: directory)
            defer { withExtendedLifetime(lock) {} }
            #expect(InstanceLock.holder(stateDirectory: directory) == Int(getpid()))
        }
        #expect(InstanceLock.holder(stateDirectory: directory) == nil)
    }
}
