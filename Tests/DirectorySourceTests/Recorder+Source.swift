import DirectorySource
import ServiceModel
import SystemPackage
import Testing

extension Recorder {
    /// Runs a source while `body` does things in its directory.
    func following(
        _ path: FilePath,
        maximumFileSize: Int = DirectorySource.defaultMaximumFileSize,
        _ body: () async throws -> Void
    ) async throws {
        let source = DirectorySource(
            directory: path,
            maximumFileSize: maximumFileSize,
            logger: logger
        )
        let run = Task { try await source.run { self.record($0) } }
        await wait(for: "the initial set") {
            $0.events.contains { if case .initialSetComplete = $0 { true } else { false } }
        }
        do {
            try await body()
        } catch {
            run.cancel()
            throw error
        }
        run.cancel()
        try await run.value
    }

    func expectServices(
        _ services: [String: String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        await wait(for: "\(services)", sourceLocation: sourceLocation) {
            $0.services == services
        }
    }

    func expectMessage(
        _ message: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        await wait(for: message, sourceLocation: sourceLocation) {
            $0.messages.contains(message)
        }
    }
}
