import Addressing
import Glibc
import NetworkLab

/// A request from somewhere to a service address.
struct Probe: CustomStringConvertible {
    let source: NetworkNamespace
    let endpoint: SocketEndpoint
    let transport: TransportProtocol

    var description: String { "\(transport) \(endpoint) from \(source.name)" }

    /// The probes that are not answered, and why; `timeout` is how long silence may last.
    static func unanswered(_ probes: [Probe], timeout: Duration) throws -> [String] {
        var failures: [String] = []
        for group in Dictionary(grouping: probes, by: \.source.name).values {
            guard let source = group.first?.source else { continue }
            failures += try source.perform {
                group.compactMap { probe in
                    do {
                        let connection = try ClientConnection(
                            to: probe.endpoint,
                            probe.transport,
                            timeout: timeout
                        )
                        // Its port is free at once, so that no later one meets what is remembered.
                        connection.abort()
                        _ = try connection.request()
                        return nil
                    } catch {
                        return "\(probe): \(error)"
                    }
                }
            }
        }
        return failures
    }

    /// The probes that are answered within a second.
    static func answered(_ probes: [Probe]) throws -> [Probe] {
        let failures = try unanswered(probes, timeout: .seconds(1))
        return probes.filter { probe in !failures.contains { $0.hasPrefix("\(probe): ") } }
    }
}
