import Addressing
import NIOCore
package import SystemPackage

/// Why one port does not listen.
package struct ListenProblem: Hashable, Sendable, Comparable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        case refused(Errno)
        /// The owner that has the port within this process.
        case heldBy(String)
        case other(String)
    }

    /// What the port is for, as the log says it.
    package let owner: String
    package let port: ListeningPort
    package let reason: Reason

    package init(owner: String, port: ListeningPort, reason: Reason) {
        self.owner = owner
        self.port = port
        self.reason = reason
    }

    init(owner: String, port: ListeningPort, error: any Error) {
        self.init(
            owner: owner,
            port: port,
            reason: (error as? IOError).map { .refused(Errno(rawValue: $0.errnoCode)) }
                ?? .other("\(error)")
        )
    }

    package var description: String {
        "\(owner): cannot listen on \(port): \(explanation)"
    }

    private var explanation: String {
        switch reason {
        case .heldBy(let holder):
            "\(holder) has it; give one of the two another port"
        case .other(let text):
            text
        case .refused(let errno):
            "\(errno) (\(errno.rawValue))" + (wayOut(errno).map { "; \($0)" } ?? "")
        }
    }

    private func wayOut(_ errno: Errno) -> String? {
        switch errno {
        case .addressInUse:
            "another process listens there, which `ss -\(port.transport == .udp ? "u" : "t")lnp "
                + "sport = :\(port.endpoint.port)` names: stop it, or use another port"
        case .addressNotAvailable:
            "this node has no such address: add it, or leave it out of the configuration"
        case .permissionDenied, .notPermitted:
            "ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem:
            "raise the limit of open files (LimitNOFILE)"
        default:
            nil
        }
    }

    package static func < (left: ListenProblem, right: ListenProblem) -> Bool {
        left.port == right.port ? left.owner < right.owner : left.port < right.port
    }
}
