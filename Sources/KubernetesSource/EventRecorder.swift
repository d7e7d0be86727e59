import FoundationEssentials
package import KubernetesClient
package import Logging
import Manifests
package import ServiceModel

/// Writes Events into the cluster, for people who look at its objects.
///
/// They are a courtesy: none holds anything up, the same is not said twice within an hour, and when
/// there are too many, or no server takes them, they are dropped.
package struct EventRecorder: Sendable {
    private let client: APIClient
    private let nodeName: String
    private let logger: Logger
    private let events: AsyncStream<ObjectEvent>
    private let continuation: AsyncStream<ObjectEvent>.Continuation

    /// How many may wait to be written.
    private static let waiting = 100
    /// So many may be written one after the other; then one each `interval`.
    private static let burst = 25
    private static let interval = Duration.seconds(10)
    private static let memory = Duration.seconds(3600)
    private static let answerLimit = 4 << 20

    package init(client: APIClient, nodeName: String, logger: Logger) {
        self.client = client
        self.nodeName = nodeName
        self.logger = logger
        (events, continuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(Self.waiting)
        )
    }

    /// Notes an event to be written.
    ///
    /// Never waits.
    package func record(_ event: ObjectEvent) { continuation.yield(event) }

    /// Writes what is noted, until the task is cancelled.
    package func run() async {
        var said: [ObjectEvent: ContinuousClock.Instant] = [:]
        var allowance = Self.burst
        var refilled = ContinuousClock.now
        var wasRefused = false
        for await event in events {
            let now = ContinuousClock.now
            said = said.filter { now - $0.value < Self.memory }
            guard said[event] == nil else { continue }
            let earned = Int((now - refilled) / Self.interval)
            allowance = min(allowance + earned, Self.burst)
            refilled += Self.interval * earned
            guard allowance > 0 else {
                logger.debug("an Event of \(event.object) is dropped: there are too many")
                continue
            }
            allowance -= 1
            // What is remembered is as little as what may be written in an hour.
            switch await write(event) {
            case .written: said[event] = now
            case .refused(let words):
                logger.log(level: wasRefused ? .debug : .warning, "\(words)")
                wasRefused = true
            case .failed: break
            }
        }
    }

    private enum Outcome {
        case written
        /// In a sentence.
        case refused(String)
        case failed
    }

    private func write(_ event: ObjectEvent) async -> Outcome {
        do {
            let request = APIRequest(
                method: "POST",
                path: "/api/v1/namespaces/\(event.namespace)/events",
                body: try await body(of: event)
            )
            let answer = try await client.answer(to: request, upTo: Self.answerLimit)
            guard answer.status != 201 else { return .written }
            let words = KubernetesObject.decodeStatus(json: answer.body)?.message ?? ""
            return .refused(
                """
                an Event of \(event.object) is refused (\(answer.status)): \(words.prefix(300)); \
                grant the verb create on events to see what is wrong with objects on them
                """
            )
        } catch {
            logger.debug("an Event of \(event.object) could not be written: \(error)")
        }
        return .failed
    }

    private func body(of event: ObjectEvent) async throws -> [UInt8] {
        let name = event.object.name
        let time = Date.now.ISO8601Format()
        let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
        let document = EventDocument(
            metadata: .init(name: "\(name.name).\(suffix)", namespace: event.namespace),
            involvedObject: .init(
                kind: event.object.kind.rawValue,
                apiVersion: event.object.kind == .endpointSlice ? "discovery.k8s.io/v1" : "v1",
                namespace: name.namespace.isEmpty ? nil : name.namespace,
                name: name.name,
                uid: await identity(of: event.object)
            ),
            reason: event.reason,
            message: String(event.message.prefix(1000)),
            type: event.weight.rawValue,
            source: .init(component: Self.component, host: nodeName),
            firstTimestamp: time,
            lastTimestamp: time,
            reportingComponent: Self.component,
            reportingInstance: nodeName
        )
        return Array(try JSONEncoder().encode(document))
    }

    private static let component = "fairlead"

    /// What `kubectl describe` finds an object's Events by; nil where it cannot be had.
    ///
    /// It is asked for with the right to list, which this daemon has anyway.
    private func identity(of object: ObjectReference) async -> String? {
        let collection: String
        switch object.kind {
        // For Nodes it is the name, as the kubelet has it.
        case .node: return object.name.name
        case .service: collection = "/api/v1/namespaces/\(object.name.namespace)/services"
        case .endpoints: collection = "/api/v1/namespaces/\(object.name.namespace)/endpoints"
        case .endpointSlice:
            collection =
                "/apis/discovery.k8s.io/v1/namespaces/\(object.name.namespace)/endpointslices"
        }
        let name = APIRequest.Parameter("fieldSelector", "metadata.name=\(object.name.name)")
        let request = APIRequest(path: collection, query: [name])
        guard let answer = try? await client.answer(to: request, upTo: Self.answerLimit),
            answer.status == 200
        else { return nil }
        let list = try? JSONDecoder().decode(IdentityDocument.self, from: Data(answer.body))
        return list?.items.first?.metadata.uid
    }
}

extension ObjectEvent {
    /// Events of what is in no namespace are in this one.
    fileprivate var namespace: String {
        object.name.namespace.isEmpty ? "default" : object.name.namespace
    }
}

/// A `v1` Event as it is written.
private struct EventDocument: Encodable {
    let apiVersion = "v1"
    let kind = "Event"
    let metadata: Metadata
    let involvedObject: InvolvedObject
    let reason: String
    let message: String
    let type: String
    let source: Source
    let firstTimestamp: String
    let lastTimestamp: String
    let count = 1
    let reportingComponent: String
    let reportingInstance: String

    struct Metadata: Encodable {
        let name: String
        let namespace: String
    }

    struct InvolvedObject: Encodable {
        let kind: String
        let apiVersion: String
        let namespace: String?
        let name: String
        let uid: String?
    }

    struct Source: Encodable {
        let component: String
        let host: String
    }
}

private struct IdentityDocument: Decodable {
    let items: [Item]

    struct Item: Decodable {
        let metadata: Metadata
    }

    struct Metadata: Decodable {
        let uid: String
    }
}
