package import ServiceModel

/// Which scheduler a Service gets: its own annotation, else its namespace's, else the global one.
package struct SchedulingPolicy: Hashable, Sendable {
    package var global: SchedulerRequest
    package var namespaces: [String: SchedulerRequest]

    package init(global: SchedulerRequest, namespaces: [String: SchedulerRequest] = [:]) {
        self.global = global
        self.namespaces = namespaces
    }

    /// The request of one Service.
    ///
    /// Flags without a scheduler are for the scheduler that the Service would have had anyway.
    package func request(for service: Service) -> SchedulerRequest {
        let inherited = namespaces[service.name.namespace] ?? global
        // Nearly every Service: none of its annotations is for us.
        guard !service.annotations.isEmpty else { return inherited }
        let name = service.annotations[Service.schedulerAnnotation].map(Self.trimmed)
        let flags = service.annotations[Service.schedulerFlagsAnnotation].map { text in
            text.split(separator: ",").map { Self.trimmed(String($0)) }.filter { !$0.isEmpty }
        }
        if let name, !name.isEmpty {
            return SchedulerRequest(name: name, flags: flags)
        }
        return SchedulerRequest(name: inherited.name, flags: flags ?? inherited.flags)
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace = { (character: Character) in character.isWhitespace }
        let start = text.drop(while: isSpace)
        return String(start.reversed().drop(while: isSpace).reversed())
    }
}
