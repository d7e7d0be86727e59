package import Addressing
import Glibc
package import PacketMatrix

/// An ICMP echo request.
package enum Ping {
    /// Sends it from the namespace of the calling thread and waits for its reply.
    package static func request(
        to address: IPAddress,
        from source: IPAddress? = nil,
        timeout: Duration
    ) -> Observation {
        do {
            let descriptor = try makeICMPSocket(address.family)
            defer { close(descriptor) }
            if let source { try bindSocket(descriptor, to: source) }
            return exchange(descriptor, address, until: .now.advanced(by: timeout))
        } catch {
            return .other("\(error)")
        }
    }

    private static let identifier: [UInt8] = [0xc4, 0xa2]

    private static func exchange(
        _ descriptor: Int32,
        _ address: IPAddress,
        until deadline: ContinuousClock.Instant
    ) -> Observation {
        let isIPv4 = address.family == .ipv4
        // Connected, so that only this address is heard.
        let there = SocketEndpoint(address, 0)
        guard unsafe withSocketAddress(there, { unsafe connect(descriptor, $0, $1) }) == 0 else {
            return Attempt.outcome(of: errno, "connect")
        }
        // Type, code, checksum, identifier, sequence number 1. The kernel computes the checksum of
        // ICMPv6 alone.
        let request = (isIPv4 ? [8, 0, 0x33, 0x5c] : [128, 0, 0, 0]) + identifier + [0, 1]
        guard unsafe send(descriptor, request, request.count, 0) == request.count else {
            return Attempt.outcome(of: errno, "send")
        }
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&entry, 1, Attempt.milliseconds(until: deadline))
            guard ready > 0 else {
                return ready == 0 ? .timedOut : Attempt.outcome(of: errno, "ping")
            }
            var buffer = [UInt8](repeating: 0, count: 512)
            let size = buffer.count
            let count = unsafe recv(descriptor, &buffer, size, 0)
            guard count > 0 else { return Attempt.outcome(of: errno, "ping") }
            // IPv4 gives the header of the packet as well; its length is in words of 4 bytes.
            let start = isIPv4 ? Int(buffer[0] & 15) * 4 : 0
            // A node that pings itself hears the request too.
            if count >= start + 8, buffer[start] == (isIPv4 ? 0 : 129),
                Array(buffer[start + 4..<start + 6]) == identifier
            {
                return .echoed
            }
        }
    }
}
