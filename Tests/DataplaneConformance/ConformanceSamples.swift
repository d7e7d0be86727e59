import Addressing
import DataplaneModel

/// What the cases about virtual servers and real servers are made of.
struct ConformanceSamples {
    /// Where it does not matter which.
    let scheduler: Scheduler

    let web = VirtualServerKey.address(ConformanceSamples.place("10.96.0.1", 80), .tcp)
    let dns = VirtualServerKey.address(ConformanceSamples.place("10.96.0.10", 53), .udp)
    let signal = VirtualServerKey.address(ConformanceSamples.place("10.96.0.2", 9), .sctp)
    let web6 = VirtualServerKey.address(ConformanceSamples.place("fd00:96::1", 80), .tcp)
    let mark = VirtualServerKey.firewallMark(3001, .ipv4)
    let mark6 = VirtualServerKey.firewallMark(3001, .ipv6)
    let highMark = VirtualServerKey.firewallMark(0x8000_0001, .ipv4)
    let unknownScheduler = Scheduler(rawValue: "nosuch")

    private static func place(_ address: String, _ port: UInt16) -> SocketEndpoint {
        guard let address = try? IPAddress(address) else { preconditionFailure(address) }
        return SocketEndpoint(address, port)
    }

    func endpoint(_ address: String, _ port: UInt16) -> SocketEndpoint {
        Self.place(address, port)
    }

    func server(_ key: VirtualServerKey, _ scheduler: Scheduler? = nil) -> VirtualServer {
        VirtualServer(key: key, scheduler: scheduler ?? self.scheduler)
    }

    func pod(_ number: Int, port: UInt16 = 8080) -> RealServer {
        RealServer(address: endpoint("10.244.0.\(number)", port))
    }

    func pod6(_ number: Int) -> RealServer {
        RealServer(address: endpoint("fd00:244::\(number)", 8080))
    }

    func edited<Value>(_ value: Value, _ edit: (inout Value) -> Void) -> Value {
        var value = value
        edit(&value)
        return value
    }

    /// What gives packets their marks, and so tells which protocol they have.
    var marking: [ConformanceCase.Step] {
        let members: [(String, UInt32)] = [
            ("10.96.0.3", 3001), ("10.96.0.4", 0x8000_0001), ("fd00:96::3", 3001),
        ]
        let sets = AddressFamily.allCases.map { AddressSet(.inside, $0) }
        return sets.map { .succeeds(.createSet($0, capacity: 0)) }
            + members.map { address, mark in
                let place = endpoint(address, 80)
                let set = AddressSet(.inside, place.address.family)
                return .succeeds(.putMember(.frontend(place, .tcp), mark: mark, of: set))
            }
    }
}
