package import Addressing
package import DataplaneModel
package import Routing
import ServiceModel

/// The node's own addresses, one of each family where it has one.
package struct PreferredSources: Hashable, Sendable {
    package var ipv4: IPAddress?
    package var ipv6: IPAddress?

    package init(ipv4: IPAddress? = nil, ipv6: IPAddress? = nil) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    package subscript(family: AddressFamily) -> IPAddress? {
        get { family == .ipv4 ? ipv4 : ipv6 }
        set { if family == .ipv4 { ipv4 = newValue } else { ipv6 = newValue } }
    }
}

/// Turns frontends into virtual servers and members of address sets.
package struct IPVSLowering: Hashable, Sendable {
    /// How service addresses are made the node's own.
    package enum AddressMode: Hashable, Sendable {
        case routes
        case bind
    }

    package var addressMode: AddressMode
    package var sources: PreferredSources
    /// What a Service gets that asks for nothing, or for something the kernel lacks.
    package var globalScheduler: SchedulerRequest
    package var availability: SchedulerAvailability
    /// Addresses of the node that are not ours to announce.
    package var nodeAddresses: Set<IPAddress>
    /// Those of them that serve node ports, sorted.
    package var nodePortAddresses: [IPAddress]
    /// Without the packet filter nothing is refused, dropped, masqueraded or led elsewhere; what can
    /// be is done with virtual servers alone.
    package var usesFilter: Bool
    /// What holds the virtual servers.
    package var mode: DataplaneMode

    package init(
        addressMode: AddressMode,
        sources: PreferredSources = PreferredSources(),
        globalScheduler: SchedulerRequest,
        availability: SchedulerAvailability = SchedulerAvailability(),
        nodeAddresses: Set<IPAddress> = [],
        nodePortAddresses: [IPAddress] = [],
        usesFilter: Bool = true,
        mode: DataplaneMode = .ipvs
    ) {
        self.addressMode = addressMode
        self.sources = sources
        self.globalScheduler = globalScheduler
        self.availability = availability
        self.nodeAddresses = nodeAddresses
        self.nodePortAddresses = nodePortAddresses
        self.usesFilter = usesFilter
        self.mode = mode
    }

    /// Whether clients inside and outside are to be told apart, for which a mark is needed.
    ///
    /// Also where both get the same for now: a virtual server that comes and goes with the endpoints
    /// of other nodes would take the connections to this node's with it.
    package static func needsMark(_ frontend: Frontend) -> Bool {
        frontend.sourceRewriting == .nodeOnly && !frontend.inside.backends.isEmpty
    }

    /// The objects of a frontend, with what could not be done as asked.
    ///
    /// A frontend that balances nothing has no virtual server: the kernel would complain in its log
    /// about each packet, and the address sets say what becomes of them. Without the packet filter it
    /// has one with no real servers, whose packets the kernel answers with "port unreachable"
    /// (`ip_vs_leave`, `net/netfilter/ipvs/ip_vs_core.c`). `mark` leads clients inside
    /// to a virtual server of their own; nil where none was to be had.
    /// Addresses in `contested` have gone to somebody else at the port of this frontend.
    package func lower(
        _ frontend: Frontend,
        mark: UInt32?,
        contested: Set<IPAddress> = []
    ) -> LoweredFrontend {
        var lowered = LoweredFrontend()
        lowered.owner = frontend.service.description
        lowered.drainTimeout = frontend.drainTimeout
        if let objection = objection(to: frontend) {
            lowered.problems = [objection]
            return lowered
        }
        if let address = frontend.key.address, contested.contains(address) { return lowered }
        let family = frontend.key.family
        let endpoints = places(of: frontend.key).filter { !contested.contains($0.address) }
        let mark = usesFilter && Self.needsMark(frontend) ? mark : nil
        let everybody = mark == nil ? withoutMark(frontend) : frontend.outside
        let (scheduler, flags, problems) = resolve(frontend)
        lowered.problems = problems
        if usesFilter ? !everybody.backends.isEmpty : true {
            for endpoint in endpoints {
                let server = VirtualServer(
                    key: .address(endpoint, frontend.key.transport),
                    scheduler: scheduler,
                    schedulerFlags: flags,
                    persistence: frontend.persistence
                )
                lowered.servers.append(server.entry(for: everybody.backends))
            }
        }
        if let mark, !endpoints.isEmpty, case .balance(let backends) = frontend.inside {
            let server = insideServer(frontend, mark, scheduler, flags)
            lowered.servers.append(server.entry(for: backends))
            if frontend.affinity != .none, server.persistence == nil,
                server.scheduler != .sourceHashing
            {
                lowered.problems.append(Self.lostAffinity(of: frontend))
            }
        }
        if let address = frontend.key.address, !nodeAddresses.contains(address) {
            lowered.announced = .init(address, announcement(of: address))
        }
        guard usesFilter else { return lowered }
        for endpoint in endpoints {
            let member = SetMember.frontend(endpoint, frontend.key.transport)
            func add(_ role: AddressSet.Role, mark: UInt32 = 0) {
                lowered.memberships.append(.init(AddressSet(role, family), member, mark: mark))
            }
            if let mark { add(.inside, mark: mark) }
            switch everybody {
            case .balance: add(frontend.role)
            case .reject: add(.reject)
            case .drop: add(.drop)
            }
            addPermissions(frontend, at: endpoint, to: &lowered)
        }
        if let address = lowered.announced?.address {
            lowered.memberships.append(.init(AddressSet(.addresses, family), .address(address)))
        }
        addHairpins(frontend, to: &lowered)
        return lowered
    }

    /// The port of a health check, which a closed filter of the node must not keep closed.
    package func lower(_ check: HealthCheck) -> LoweredFrontend {
        var lowered = LoweredFrontend()
        lowered.owner = check.service.description
        guard usesFilter else { return lowered }
        lowered.memberships = AddressFamily.allCases.map {
            .init(AddressSet(.health, $0), .port(check.port))
        }
        return lowered
    }

    /// How an address is to be announced on this node.
    package func announcement(of address: IPAddress) -> Announcement {
        addressMode == .bind ? .bound : .route(source: sources[address.family])
    }

    /// Where a frontend is on this node.
    package func places(of key: FrontendKey) -> [SocketEndpoint] {
        switch key {
        case .address(let endpoint, _): [endpoint]
        case .nodePort(let port, _, let family):
            nodePortAddresses.filter { $0.family == family }.map { SocketEndpoint($0, port) }
        }
    }

    /// A virtual server at one of the node's own addresses would take a port away from the node;
    /// load balancers and external addresses, though, are often just there.
    private func objection(to frontend: Frontend) -> ObjectProblem? {
        guard frontend.kind == .clusterIP, let address = frontend.key.address,
            nodeAddresses.contains(address)
        else { return nil }
        return ObjectProblem(
            ObjectReference(.service, frontend.service.service),
            field: "spec.clusterIPs",
            message: "\(address) is an address of this node itself; a Service there would take the "
                + "port from the node, so it is not served"
        )
    }

    /// Where clients cannot be told apart, all of them get what those outside must get; only where
    /// that is nothing, and nothing can be dropped, all get what those inside do.
    func withoutMark(_ frontend: Frontend) -> Target {
        usesFilter || frontend.outside != .drop ? frontend.outside : frontend.inside
    }

    /// With a mark the kernel knows no destination port, and a virtual server that is persistent
    /// would then not translate it (`ip_vs_sched_persist`); hashing the client's address keeps it
    /// with its endpoint too.
    private func insideServer(
        _ frontend: Frontend,
        _ mark: UInt32,
        _ scheduler: Scheduler,
        _ flags: SchedulerFlags
    ) -> VirtualServer {
        let key = VirtualServerKey.firewallMark(mark, frontend.key.family)
        if mode == .iptables {
            return VirtualServer(
                key: key,
                scheduler: scheduler,
                persistence: frontend.persistence
            )
        }
        guard frontend.affinity != .none, availability.isAvailable(.sourceHashing) != false else {
            return VirtualServer(key: key, scheduler: scheduler, schedulerFlags: flags)
        }
        return VirtualServer(
            key: key,
            scheduler: .sourceHashing,
            schedulerFlags: .defaults(for: .sourceHashing)
        )
    }

    private static func lostAffinity(of frontend: Frontend) -> ObjectProblem {
        ObjectProblem(
            ObjectReference(.service, frontend.service.service),
            field: "spec.sessionAffinity",
            message: "this kernel has no scheduler sh, so at \(frontend.key) clients inside the "
                + "cluster do not keep their endpoint; install the module ip_vs_sh"
        )
    }

    private func addPermissions(
        _ frontend: Frontend,
        at endpoint: SocketEndpoint,
        to lowered: inout LoweredFrontend
    ) {
        guard let allowed = frontend.allowedSources else { return }
        let family = endpoint.address.family
        let transport = frontend.key.transport
        lowered.memberships.append(
            .init(AddressSet(.limited, family), .frontend(endpoint, transport))
        )
        var prefixes = allowed
        // A node that may come in and has the address bound comes from that very address.
        if addressMode == .bind,
            nodeAddresses.contains(where: { own in allowed.contains { $0.contains(own) } })
        {
            let itself = IPPrefix(holding: endpoint.address, length: family.bits)
            if !prefixes.contains(itself) { prefixes.append(itself) }
        }
        for prefix in prefixes {
            lowered.memberships.append(
                .init(AddressSet(.allowed, family), .permission(endpoint, transport, prefix))
            )
        }
    }

    private func addHairpins(_ frontend: Frontend, to lowered: inout LoweredFrontend) {
        var seen: Set<SocketEndpoint> = []
        let set = AddressSet(.hairpin, frontend.key.family)
        for target in [frontend.inside, frontend.outside] {
            guard case .balance(let backends) = target else { continue }
            for backend in backends
            where backend.isLocal && !nodeAddresses.contains(backend.address.address) {
                guard seen.insert(backend.address).inserted else { continue }
                lowered.memberships.append(
                    .init(set, .hairpin(backend.address, frontend.key.transport))
                )
            }
        }
    }
}

extension Frontend {
    /// The set of frontends that balance with this source rewriting.
    fileprivate var role: AddressSet.Role {
        switch sourceRewriting {
        case .everyone: .external
        case .everyoneButPods: .cluster
        case .nodeOnly: .local
        }
    }

    fileprivate var persistence: Persistence? {
        guard case .clientIP(let timeout) = affinity else { return nil }
        return Persistence(timeout: timeout, family: key.family)
    }
}

extension VirtualServer {
    fileprivate func entry(for backends: [Backend]) -> IPVSState.Entry {
        IPVSState.Entry(server: self, realServers: backends.map { RealServer(address: $0.address) })
    }
}
