import Addressing
import ControlSocket
import Listing
import Planning
import ServiceModel

/// What the daemon answers on its control socket.
struct ControlAnswers: Sendable {
    let mailbox: Mailbox
    let activity: @Sendable () -> SourceActivity?
    let failingPorts: @Sendable () async -> [(purpose: String, count: Int)]
    let remarks: @Sendable () -> [String]

    func answer(_ request: ControlServer.Request) async -> ControlServer.Answer {
        switch request.path {
        case "/explain": await explain(request.parameters)
        case "/status": await status(request.parameters)
        case "/audit": await audit(request.parameters)
        default: ControlServer.Answer("there are only /explain, /status and /audit\n", status: 404)
        }
    }

    private func audit(_ parameters: [String: String]) async -> ControlServer.Answer {
        let outcome = await withCheckedContinuation { continuation in
            mailbox.post(.auditRequest { continuation.resume(returning: $0) })
        }
        guard let outcome else { return ControlServer.Answer("the daemon ends\n", status: 500) }
        let code = outcome.isClean ? 200 : 503
        guard parameters["output"] == "json" else {
            return ControlServer.Answer(outcome.text, status: code)
        }
        return Self.json(outcome, status: code)
    }

    private func status(_ parameters: [String: String]) async -> ControlServer.Answer {
        let status = await withCheckedContinuation { continuation in
            mailbox.post(.statusQuestion { continuation.resume(returning: $0) })
        }
        guard var status else { return ControlServer.Answer("the daemon ends\n", status: 500) }
        status.watches = (activity()?.collections ?? []).map { NodeStatus.Watch($0) }
        status.failingPorts = await failingPorts().filter { $0.count > 0 }
            .map { NodeStatus.FailingPorts(purpose: $0.purpose, count: $0.count) }
        status.remarks = remarks()
        let isWell =
            status.isComplete && status.pendingRetries == 0 && status.failingPorts.isEmpty
            && status.remarks.isEmpty
            && status.watches.allSatisfy { $0.problem == nil }
        let code = isWell ? 200 : 503
        guard parameters["output"] == "json" else {
            return ControlServer.Answer(StatusListing.text(of: status), status: code)
        }
        return Self.json(status, status: code)
    }

    private static func json(_ value: some Encodable, status: Int) -> ControlServer.Answer {
        do {
            return ControlServer.Answer(try JSONText.of(value), status: status)
        } catch {
            return ControlServer.Answer("\(error)\n", status: 500)
        }
    }

    private func explain(_ parameters: [String: String]) async -> ControlServer.Answer {
        guard let source = parameters["source"].flatMap({ try? IPAddress($0) }),
            let destination = parameters["destination"].flatMap({ SocketEndpoint($0) }),
            let transport = TransportProtocol(
                kubernetesName: parameters["protocol"]?.uppercased() ?? "TCP"
            )
        else {
            return ControlServer.Answer(
                "/explain needs source=ADDRESS and destination=ADDRESS:PORT, and takes protocol=TCP\n",
                status: 400
            )
        }
        let question = PacketQuestion(
            source: source,
            destination: destination,
            transport: transport,
            origin: parameters["origin"].flatMap { PacketExplanation.Origin(rawValue: $0) }
        )
        let explanation = await withCheckedContinuation { continuation in
            mailbox.post(.question(question) { continuation.resume(returning: $0) })
        }
        guard let explanation else {
            return ControlServer.Answer("the first synchronisation is not done yet\n", status: 503)
        }
        guard parameters["output"] == "json" else {
            return ControlServer.Answer(ExplanationListing.text(of: explanation))
        }
        return Self.json(MachineExplanation(explanation), status: 200)
    }
}

extension NodeStatus.Watch {
    fileprivate init(_ collection: SourceActivity.Collection) {
        self.init(
            resource: collection.resource,
            state: collection.state,
            objects: collection.objects,
            secondsSinceContact: collection.secondsSinceContact,
            problem: collection.problem
        )
    }
}
