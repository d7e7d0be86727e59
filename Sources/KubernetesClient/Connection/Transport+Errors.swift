import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

import NIOSSL
import SystemPackage

extension Transport {
    /// Why there is no head of an answer.
    func error(inHead error: any Error) async -> APIError {
        if Self.isOfTLS(error) { return await errorOfTLS(error) }
        if let error = connectionError(error) { return error }
        return common(error)
            ?? APIError(
                .unreachable,
                "\(server) gives no answer\(way): \(error)"
            )
    }

    /// Why a body has no end.
    func error(inBody error: any Error) -> APIError {
        if let error = error as? HTTPClientError, error == .readTimeout {
            return APIError(
                .stalled,
                "\(server) has stopped in the middle of an answer: not a byte within "
                    + "\(limits.idleTime); a new request would show whether it still answers"
            )
        }
        return common(error)
            ?? APIError(
                .cutOff,
                "the answer of \(server) was cut off: \(Self.words(for: error)); a new request "
                    + "would be right"
            )
    }

    private var way: String {
        access.proxy.map { " through the proxy \($0)" } ?? ""
    }

    private func common(_ error: any Error) -> APIError? {
        switch error {
        case is CancellationError:
            return APIError(.cutOff, "the request to \(server) was cancelled")
        case let error as HTTPParserError where error != .invalidEOFState:
            return APIError(
                .malformed,
                "\(server) answers with something else than HTTP: \(error); its URL must lead to a "
                    + "Kubernetes API server"
            )
        case let error as HTTPClientError:
            return clientError(error)
        case is HTTPParserError, is IOError, is ChannelError:
            return APIError(
                .cutOff,
                "\(server) cut the connection off\(way): \(Self.words(for: error)); a new request "
                    + "would be right"
            )
        default:
            return nil
        }
    }

    private func clientError(_ error: HTTPClientError) -> APIError? {
        switch error {
        case .cancelled, .requestStreamCancelled:
            APIError(.cutOff, "the request to \(server) was cancelled")
        case .alreadyShutdown:
            APIError(.cutOff, "there are no more requests to \(server): the client has ended")
        case .deadlineExceeded, .readTimeout, .writeTimeout:
            APIError(
                .timedOut,
                "\(server) has not answered within \(min(limits.headTime, limits.idleTime))\(way); it may be overloaded, or "
                    + "something between drops packets"
            )
        case .remoteConnectionClosed, .uncleanShutdown:
            APIError(
                .cutOff,
                "\(server) closed the connection too early\(way) (\(error.shortDescription)); a new "
                    + "request would be right"
            )
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
            unreachable("no connection within \(limits.connectTime)")
        case .proxyAuthenticationRequired:
            APIError(
                .unreachable,
                "the proxy \(access.proxy.map { "\($0)" } ?? "") wants a user name and a password; "
                    + "proxy-url can have them, as in http://name:password@proxy.example:3128"
            )
        case .invalidProxyResponse, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
            unreachable("the proxy does not connect to it (\(error.shortDescription))")
        case .invalidURL, .emptyHost, .emptyScheme:
            APIError(.malformed, "\(server) is not a URL that can be used: \(error)")
        default: nil
        }
    }

    private static let ofConnecting: [Errno] = [
        .connectionRefused, .noRouteToHost, .networkUnreachable, .networkDown, .timedOut,
        .addressNotAvailable, .permissionDenied, .notPermitted,
    ]

    private func connectionError(_ error: any Error) -> APIError? {
        switch error {
        case let error as NIOConnectionError:
            guard error.connectionErrors.isEmpty else {
                var words: [String] = []
                for failure in error.connectionErrors {
                    let text = Self.words(for: failure.error)
                    if !words.contains(text) { words.append(text) }
                }
                return unreachable(words.joined(separator: ", "))
            }
            return APIError(
                .unreachable,
                "\(server) cannot be reached\(way): the name \(error.host) cannot be resolved; check "
                    + "the name and the DNS of this node, or give an IP address"
            )
        case let error as IOError where Self.ofConnecting.contains(Errno(rawValue: error.errnoCode)):
            return unreachable(Self.words(for: error))
        case ChannelError.connectTimeout:
            return unreachable("no connection within \(limits.connectTime)")
        default:
            return nil
        }
    }

    private func unreachable(_ words: String) -> APIError {
        APIError(
            .unreachable,
            "\(server) cannot be reached\(way): \(words); check that the server runs, that its URL "
                + "is right and that no firewall is between"
        )
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case let error as IOError: "\(Errno(rawValue: error.errnoCode))"
        case ChannelError.connectTimeout: "no answer"
        case ChannelError.eof, ChannelError.inputClosed, ChannelError.ioOnClosedChannel:
            "the connection was closed"
        default: "\(error)"
        }
    }
}
