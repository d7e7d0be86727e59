import Routing
import Synchronization

/// The answers of all ports: written by the one who knows, read by each request.
final class HealthBoard: Sendable {
    private let answers = Mutex<[UInt16: HealthAnswer]>([:])
    private let isProxyHealthy: @Sendable () -> Bool

    init(isProxyHealthy: @escaping @Sendable () -> Bool) { self.isProxyHealthy = isProxyHealthy }

    subscript(port: UInt16) -> HealthAnswer? {
        guard var answer = answers.withLock({ $0[port] }) else { return nil }
        answer.isProxyHealthy = answer.isProxyHealthy && isProxyHealthy()
        return answer
    }

    /// Of two Services with one port the first in the list has it.
    func show(_ services: [HealthCheck], isProxyHealthy: Bool) {
        let shown = Dictionary(
            services.map {
                ($0.port, HealthAnswer(health: $0, isProxyHealthy: isProxyHealthy))
            },
            uniquingKeysWith: { first, _ in first }
        )
        answers.withLock { $0 = shown }
    }
}
