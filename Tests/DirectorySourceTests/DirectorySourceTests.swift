import DirectorySource
import FoundationEssentials
import Glibc
import ServiceModel
import SystemPackage
import Testing

/// The source in a real directory, with the kernel's own events.
@Suite(.timeLimit(.minutes(1))) struct DirectorySourceTests {
    private let recorder = Recorder()

    @Test func everythingThereIsSaidBeforeTheInitialSetIsComplete() async throws {
        let directory = try ScratchDirectory()
        try directory.write("b.yml", manifest("b", "10.0.0.2"))
        try directory.write("a.yaml", manifest("a", "10.0.0.1"))
        try directory.write(
            "c.json",
            "{\"kind\": \"Service\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"c\"}, "
                + "\"spec\": {\"clusterIP\": \"10.0.0.3\", \"ports\": [{\"port\": 80}]}}"
        )
        for name in [".hidden.yaml", "a.yaml~", "a.yaml.bak", "a.txt", "4913"] {
            try directory.write(name, manifest("other", "10.0.0.9"))
        }
        try directory.makeDirectory("sub")
        try directory.write("sub/d.yaml", manifest("d", "10.0.0.4"))
        try await recorder.following(directory.path) {
            let state = recorder.state
            #expect(state.services == ["a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"])
            #expect(state.events.count == 2)
            #expect(state.events.last == .initialSetComplete(isWhole: true))
            #expect(state.messages.isEmpty)
        }
    }

    @Test func anEmptyDirectoryIsACompleteSet() async throws {
        let directory = try ScratchDirectory()
        try await recorder.following(directory.path) {
            #expect(recorder.state.events == [.initialSetComplete(isWhole: true)])
        }
    }

    /// What an editor or program does to put a new content in place of `web.yaml`.
    enum Replacement: CaseIterable {
        case rewrites
        case renamesOver
        case movesToBackupFirst
        case deletesFirst
        case writesInSteps

        func replace(in directory: borrowing ScratchDirectory, with text: String) throws {
            switch self {
            case .rewrites:
                try directory.write("web.yaml", text)
            case .renamesOver:
                try directory.write(".web.yaml.swp", text)
                try directory.move(".web.yaml.swp", to: "web.yaml")
            case .movesToBackupFirst:
                try directory.move("web.yaml", to: "web.yaml~")
                try directory.write("web.yaml", text)
            case .deletesFirst:
                try directory.remove("web.yaml")
                try directory.write("web.yaml", text)
            case .writesInSteps:
                let file = try directory.open("web.yaml")
                try file.closeAfter {
                    for byte in text.utf8 { _ = try file.writeAll([byte]) }
                }
            }
        }
    }

    @Test(arguments: Replacement.allCases)
    func anEditedFileIsFollowed(how replacement: Replacement) async throws {
        let directory = try ScratchDirectory()
        try directory.write("web.yaml", manifest("web", "10.0.0.1"))
        try await recorder.following(directory.path) {
            for number in 2...4 {
                try replacement.replace(
                    in: directory,
                    with: manifest("web", "10.0.0.\(number)")
                )
                await recorder.expectServices(["web": "10.0.0.\(number)"])
            }
            #expect(recorder.state.messages.isEmpty)
        }
    }

    @Test func filesComeAndGo() async throws {
        let directory = try ScratchDirectory()
        try await recorder.following(directory.path) {
            try directory.write("a.yaml", manifest("a", "10.0.0.1"))
            await recorder.expectServices(["a": "10.0.0.1"])
            try directory.move("a.yaml", to: "b.yaml")
            try directory.write("c.yaml", manifest("c", "10.0.0.3"))
            await recorder.expectServices(["a": "10.0.0.1", "c": "10.0.0.3"])
            try directory.remove("b.yaml")
            await recorder.expectServices(["c": "10.0.0.3"])
            try directory.move("c.yaml", to: "c.yaml.off")
            await recorder.expectServices([:])
        }
    }

    @Test func linksAreReadAtOnce() async throws {
        let directory = try ScratchDirectory()
        try directory.write("symbolic.txt", manifest("a", "10.0.0.1"))
        try directory.write("hard.txt", manifest("b", "10.0.0.2"))
        try await recorder.following(directory.path) {
            try directory.link("a.yaml", to: "symbolic.txt")
            await recorder.expectServices(["a": "10.0.0.1"])
            try FileManager.default.linkItem(
                atPath: directory.path.appending("hard.txt").string,
                toPath: directory.path.appending("b.yaml").string
            )
            await recorder.expectServices(["a": "10.0.0.1", "b": "10.0.0.2"])
        }
    }

    @Test func aHalfWrittenFileIsNotRead() async throws {
        let directory = try ScratchDirectory()
        try directory.write("half.yaml", manifest("half", "10.0.0.1"))
        try await recorder.following(directory.path) {
            let file = try directory.open("half.yaml")
            let new = try directory.open("new.yaml")
            try file.writeAll("[".utf8)
            try new.writeAll("[".utf8)
            for number in 2...4 {
                try directory.write("web.yaml", manifest("web", "10.0.0.\(number)"))
                await recorder.expectServices(["half": "10.0.0.1", "web": "10.0.0.\(number)"])
            }
            #expect(recorder.state.messages.isEmpty)
            try new.close()
            await recorder.expectMessage(
                "warning: new.yaml: document 1: line 2, column 1: is not YAML: while parsing a "
                    + "flow node, did not find expected node content"
            )
            try file.close()
            await recorder.wait(for: "the other file") { state in
                state.messages.contains { $0.hasPrefix("warning: half.yaml") }
            }
            await recorder.expectServices(["half": "10.0.0.1", "web": "10.0.0.4"])
        }
    }

    @Test func manyFilesAtOnceAreFewChanges() async throws {
        let directory = try ScratchDirectory()
        try await recorder.following(directory.path) {
            var services: [String: String] = [:]
            for number in 1...100 {
                try directory.write(
                    "file\(number).yaml",
                    manifest("s\(number)", "10.0.0.\(number)")
                )
                services["s\(number)"] = "10.0.0.\(number)"
            }
            await recorder.expectServices(services)
            #expect(recorder.state.changeCount < 20)
        }
    }

    @Test func aConfigMapIsSwappedAsAWhole() async throws {
        let directory = try ScratchDirectory()
        func publish(_ version: String, _ files: [String: String]) throws {
            try directory.makeDirectory("..\(version)")
            for (name, text) in files { try directory.write("..\(version)/\(name)", text) }
            try directory.link("..data_tmp", to: "..\(version)")
            try directory.move("..data_tmp", to: "..data")
        }
        try publish(
            "v1",
            ["a.yaml": manifest("a", "10.0.0.1"), "b.yaml": manifest("b", "10.0.0.2")]
        )
        try directory.link("a.yaml", to: "..data/a.yaml")
        try directory.link("b.yaml", to: "..data/b.yaml")
        try await recorder.following(directory.path) {
            #expect(recorder.state.services == ["a": "10.0.0.1", "b": "10.0.0.2"])
            try publish(
                "v2",
                ["a.yaml": manifest("a", "10.0.0.3"), "b.yaml": manifest("b", "10.0.0.2")]
            )
            await recorder.expectServices(["a": "10.0.0.3", "b": "10.0.0.2"])
            let last = recorder.state.events.last
            guard case .changes(let changes)? = last else {
                Issue.record("no changes: \(String(describing: last))")
                return
            }
            #expect(changes.count == 1)
            try publish("v3", ["a.yaml": manifest("a", "10.0.0.3")])
            try directory.remove("b.yaml")
            await recorder.expectServices(["a": "10.0.0.3"])
        }
    }

    @Test func whatIsWrongKeepsItsLastGoodStateAndIsReportedOnce() async throws {
        let directory = try ScratchDirectory()
        try directory.write("web.yaml", manifest("web", "10.0.0.1"))
        try await recorder.following(directory.path) {
            let problem =
                "warning: web.yaml: document 1: Service default/web: spec.clusterIP: \"wrong\" is "
                + "not an IPv4 or IPv6 address"
            try directory.write("web.yaml", manifest("web", nil))
            await recorder.expectMessage(problem)
            try directory.write("web.yaml", manifest("web", nil) + manifest("b", "10.0.0.2"))
            await recorder.expectServices(["web": "10.0.0.1", "b": "10.0.0.2"])
            #expect(recorder.state.messages == [problem])
            try directory.write("web.yaml", "apiVersion: v1\nkind: Service\nmeta")
            await recorder.wait(for: "three more messages") { $0.messages.count >= 2 }
            #expect(recorder.state.services == ["web": "10.0.0.1", "b": "10.0.0.2"])
            try directory.write("web.yaml", manifest("web", "10.0.0.3"))
            await recorder.expectServices(["web": "10.0.0.3"])
            await recorder.expectMessage("notice: web.yaml: Service default/web: is right again")
        }
    }

    @Test func anotherFileTakesOverWhenTheFirstGoesAway() async throws {
        let directory = try ScratchDirectory()
        try directory.write("a.yaml", manifest("web", "10.0.0.1"))
        try directory.write("b.yaml", manifest("web", "10.0.0.2"))
        try await recorder.following(directory.path) {
            #expect(recorder.state.services == ["web": "10.0.0.1"])
            #expect(
                recorder.state.messages == [
                    "warning: b.yaml: document 1: Service default/web: is in a.yaml too, and that "
                        + "one counts"
                ]
            )
            try directory.remove("a.yaml")
            await recorder.expectServices(["web": "10.0.0.2"])
        }
    }

    @Test func whatCannotBeReadIsSaidAndTheOthersGoOn() async throws {
        let directory = try ScratchDirectory()
        try directory.makeDirectory("directory.yaml")
        try directory.link("dangling.yaml", to: "nowhere")
        try directory.link("loop.yaml", to: "loop.yaml")
        try directory.write("large.yaml", String(repeating: "#\n", count: 501))
        let pipe = directory.path.appending("pipe.yaml")
        try #require(unsafe mkfifo(pipe.string, 0o600) == 0)
        try directory.write("web.yaml", manifest("web", "10.0.0.1"))
        try await recorder.following(directory.path, maximumFileSize: 1_000) {
            #expect(recorder.state.services == ["web": "10.0.0.1"])
            #expect(
                recorder.state.messages == [
                    "warning: dangling.yaml: is a symbolic link to nothing",
                    "warning: directory.yaml: is a directory; only files are read",
                    "warning: large.yaml: has 1002 bytes, which is more than the 1000 allowed",
                    "warning: loop.yaml: cannot be read: Too many levels of symbolic links",
                    "warning: pipe.yaml: is not a regular file",
                ]
            )
            try directory.write("web.yaml", String(repeating: "#\n", count: 600))
            await recorder.expectMessage(
                "warning: web.yaml: has 1200 bytes, which is more than the 1000 allowed"
            )
            #expect(recorder.state.services == ["web": "10.0.0.1"])
            try directory.write("nowhere", manifest("found", "10.0.0.2"))
            try directory.remove("dangling.yaml")
            try directory.link("dangling.yaml", to: "nowhere")
            await recorder.expectServices(["web": "10.0.0.1", "found": "10.0.0.2"])
        }
    }

    @Test func aMillionLinesAreNoProblem() async throws {
        let directory = try ScratchDirectory()
        try directory.write("lines.yaml", String(repeating: "# nothing\n---\n", count: 500_000))
        try directory.write("web.yaml", manifest("web", "10.0.0.1"))
        try await recorder.following(directory.path) {
            #expect(recorder.state.services == ["web": "10.0.0.1"])
        }
    }
}
