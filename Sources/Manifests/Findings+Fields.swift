import Addressing
import ServiceModel

extension Findings {
    /// Who is to have an address; none can have one that means something else on each node.
    enum AddressUse: String {
        case service = "Service"
        case endpoint = "endpoint"
        case node = "Node"
    }

    /// Reads an address; nil, and a problem, when it is none or one that `use` cannot have.
    mutating func address(
        _ text: String,
        at field: @autoclosure () -> String,
        of use: AddressUse,
        _ consequence: Consequence = .refusal
    ) -> IPAddress? {
        do throws(AddressError) {
            let address = try readAddress(text, at: field())
            guard let objection = Self.objection(to: address) else { return address }
            problem(
                field(),
                "\(address) is \(objection), which no \(use.rawValue) can have",
                consequence
            )
        } catch {
            problem(field(), error.description, consequence)
        }
        return nil
    }

    /// Reads an address as an API server does: a number with leading zeros is decimal all the same
    /// (`netutils.ParseIPSloppy`, which came with CVE-2021-29923).
    private mutating func readAddress(
        _ text: String,
        at field: @autoclosure () -> String
    ) throws(AddressError) -> IPAddress {
        do throws(AddressError) {
            return try IPAddress(text)
        } catch .leadingZero(let text) {
            let plain = text.split(separator: ".", omittingEmptySubsequences: false).map { part in
                let digits = part.drop { $0 == "0" }
                return digits.isEmpty && !part.isEmpty ? "0" : String(digits)
            }
            let address = try IPAddress(plain.joined(separator: "."))
            notice("has \"\(text)\" in \(field()), which is read as \(address)")
            return address
        } catch {
            throw error
        }
    }

    /// Reads a prefix, of which bits behind its length are cleared; nil, and a problem that leaves
    /// it aside, when it is none.
    mutating func prefix(_ text: String, at field: @autoclosure () -> String) -> IPPrefix? {
        do throws(AddressError) {
            return try IPPrefix(clearingHostBitsOf: text)
        } catch {
            problem(field(), error.description, .omission)
            return nil
        }
    }

    private static func objection(to address: IPAddress) -> String? {
        if address.isUnspecified { return "the unspecified address" }
        if address.isLoopback { return "a loopback address" }
        if address.isMulticast { return "a multicast address" }
        if address.isLinkLocal { return "a link-local address" }
        if address == .ipv4(.max) { return "the broadcast address" }
        if address.family == .ipv6, address.high == 0, address.low >> 32 == 0xffff {
            return "an IPv4 address written as IPv6"
        }
        return nil
    }

    /// 1…65535; nil, and a problem, for anything else.
    mutating func port(_ number: Int?, at field: String) -> UInt16? {
        guard let number else {
            problem(field, "is missing; a number in 1…65535 belongs here")
            return nil
        }
        guard let port = UInt16(exactly: number), port > 0 else {
            problem(field, "\(number) is outside 1…65535")
            return nil
        }
        return port
    }

    /// Cluster when nothing is said, and, with a problem, for what is no policy.
    mutating func trafficPolicy(_ text: String?, at field: String) -> TrafficPolicy {
        guard let text, !text.isEmpty else { return .cluster }
        guard let policy = TrafficPolicy(rawValue: text) else {
            problem(field, "\"\(text)\" is not Cluster or Local")
            return .cluster
        }
        return policy
    }

    /// TCP when nothing is said; nil, and a problem, for what is no protocol of Kubernetes.
    mutating func transport(_ text: String?, at field: String) -> TransportProtocol? {
        guard let text else { return .tcp }
        guard let transport = TransportProtocol(kubernetesName: text) else {
            problem(field, "\"\(text)\" is not TCP, UDP or SCTP")
            return nil
        }
        return transport
    }
}
