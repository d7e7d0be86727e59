import NIOCore
import Subprocess
import SystemPackage

extension ExecPlugin {
    /// Standard output beyond this is refused, in bytes.
    private static let outputLimit = 1 << 20
    /// So much of standard error is kept for a message, in bytes.
    private static let errorLimit = 4096

    private struct Outcome: Sendable {
        let succeeded: Bool
        let status: String
        let output: [UInt8]
        let errors: [UInt8]
    }

    private struct TooMuchOutput: Error {}

    /// Runs the program, and ends it when it takes longer than `limit` or the task is cancelled.
    ///
    /// - Throws: why there are no credentials, with what the program said on standard error.
    func run(limit: Duration) async throws(APIError) -> ExecCredential {
        let outcome: Outcome?
        do {
            outcome = try await withThrowingTaskGroup(of: Outcome?.self) { group in
                group.addTask { try await start() }
                group.addTask {
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch is CancellationError {
            throw APIError(.cutOff, "waiting for the credential plugin \(command) was cancelled")
        } catch is TooMuchOutput {
            throw failure("it printed more than \(Self.outputLimit >> 20) MiB")
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw failure("there is no such program, or it may not be executed", hint: true)
        } catch {
            throw failure("it could not be run: \(error)", hint: true)
        }
        guard let outcome else { throw failure("it did not end within \(limit)") }
        guard outcome.succeeded else {
            throw failure(
                "it ended with \(outcome.status)" + Self.said(outcome.errors),
                hint: true
            )
        }
        do throws(ExecCredential.Problem) {
            return try ExecCredential(parsing: outcome.output, apiVersion: apiVersion)
        } catch {
            throw failure(error.words + Self.said(outcome.errors))
        }
    }

    private func failure(_ words: String, hint: Bool = false) -> APIError {
        var message = "the credential plugin \(command) (\(place)) gave no credentials: \(words)"
        if hint, let installHint { message += "; \(installHint.trimmed)" }
        return APIError(.credentials, message)
    }

    private static func said(_ errors: [UInt8]) -> String {
        let text = String(decoding: errors, as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .joined(separator: " / ")
            .trimmed
        return text.isEmpty ? "" : ", and said: \(text)"
    }

    private func start() async throws -> Outcome {
        var options = PlatformOptions()
        // What the program starts ends with it.
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))
        ]
        var settings = environment.value
        settings["KUBERNETES_EXEC_INFO"] = information.value
        var variables: [Environment.Key: String?] = [:]
        for (name, value) in settings {
            guard let key = Environment.Key(rawValue: name) else { continue }
            variables.updateValue(value, forKey: key)
        }
        let result = try await Subprocess.run(
            command.contains("/") ? .path(FilePath(command)) : .name(command),
            arguments: Arguments(arguments.value),
            environment: .inherit.updating(variables),
            platformOptions: options,
            input: .none,
            output: .sequence,
            error: .sequence
        ) { execution in
            let output = execution.standardOutput
            let errors = execution.standardError
            return try await withThrowingTaskGroup(of: (isOutput: Bool, bytes: [UInt8]).self) {
                group in
                group.addTask {
                    let bytes = try await Self.read(output, keeping: Self.outputLimit + 1)
                    guard bytes.count <= Self.outputLimit else { throw TooMuchOutput() }
                    return (true, bytes)
                }
                group.addTask {
                    (false, try await Self.read(errors, keeping: Self.errorLimit))
                }
                var output: [UInt8] = []
                var errors: [UInt8] = []
                for try await part in group {
                    if part.isOutput { output = part.bytes } else { errors = part.bytes }
                }
                return (output, errors)
            }
        }
        return Outcome(
            succeeded: result.terminationStatus.isSuccess,
            status: "\(result.terminationStatus)",
            output: result.closureResult.0,
            errors: result.closureResult.1
        )
    }

    /// Reads to the end, so that the program never waits for a reader, and keeps the beginning.
    private static func read(
        _ sequence: SubprocessOutputSequence,
        keeping limit: Int
    ) async throws -> [UInt8] {
        var kept = ByteBuffer()
        for try await buffer in sequence where kept.readableBytes < limit {
            kept.writeBytes(buffer.bytes)
        }
        return Array(kept.readableBytesView.prefix(limit))
    }
}
