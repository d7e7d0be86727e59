import DirectorySource
import FoundationEssentials
import ServiceModel
import SystemPackage
import Testing

/// Directories that are not there, or not any more.
@Suite(.timeLimit(.minutes(1))) struct DirectoryDepartureTests {
    private let recorder = Recorder()

    /// How a directory goes away.
    enum Departure: CaseIterable {
        case isDeleted
        case isMoved
        case isDeletedWhileSomebodyIsInIt
    }

    @Test(arguments: Departure.allCases)
    func aDirectoryThatGoesAwayIsMissedAndFoundAgain(how departure: Departure) async throws {
        let directory = try ScratchDirectory()
        try directory.write("web.yaml", manifest("web", "10.0.0.1"))
        let elsewhere = directory.root.appending("elsewhere")
        try await recorder.following(directory.path) {
            let inside =
                departure == .isDeletedWhileSomebodyIsInIt
                ? try FileDescriptor.open(directory.path, .readOnly) : nil
            defer { try? inside?.close() }
            switch departure {
            case .isMoved:
                try ScratchDirectory.move(directory.path, to: elsewhere)
            case .isDeleted, .isDeletedWhileSomebodyIsInIt:
                try FileManager.default.removeItem(atPath: directory.path.string)
            }
            await recorder.expectMessage(
                "error: the directory of manifests is gone; everything stays as it was"
            )
            #expect(recorder.state.services == ["web": "10.0.0.1"])
            let new = directory.root.appending("new")
            try FileManager.default.createDirectory(
                atPath: new.string,
                withIntermediateDirectories: true
            )
            try ScratchDirectory.write(
                new.appending("b.yaml"),
                manifest("b", "10.0.0.2")
            )
            try ScratchDirectory.move(new, to: directory.path)
            await recorder.expectServices(["b": "10.0.0.2"])
            await recorder.expectMessage("notice: the directory of manifests is back")
            try directory.write("web.yaml", manifest("web", "10.0.0.3"))
            await recorder.expectServices(["b": "10.0.0.2", "web": "10.0.0.3"])
        }
    }

    @Test func aDirectoryThatIsNotThereAtTheStartIsAnError() async throws {
        let directory = try ScratchDirectory()
        try directory.write("file", "")
        let recorder = recorder
        for (name, errno) in [("nowhere", Errno.noSuchFileOrDirectory), ("file", .notDirectory)] {
            let path = directory.path.appending(name)
            let source = DirectorySource(directory: path, logger: recorder.logger)
            await #expect(throws: DirectorySourceError.unreadableDirectory(path, errno)) {
                try await source.run { recorder.record($0) }
            }
        }
        #expect(recorder.state.events.isEmpty)
    }

    @Test func anErrorNamesTheDirectory() {
        let error = DirectorySourceError.unreadableDirectory("/etc/none", .noSuchFileOrDirectory)
        #expect(
            error.description
                == "the directory of manifests /etc/none cannot be read: No such file or directory"
        )
    }

    @Test func aSourceThatIsCancelledAtOnceEnds() async throws {
        let directory = try ScratchDirectory()
        let source = DirectorySource(directory: directory.path, logger: recorder.logger)
        let recorder = recorder
        let run = Task { try await source.run { recorder.record($0) } }
        run.cancel()
        try await run.value
    }
}
