package import Addressing
package import DataplaneModel
package import Routing
package import ServiceModel

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

/// Turns frontends into virtual servers.
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

    package init(
        addressMode: AddressMode,
        sources: PreferredSources = PreferredSources(),
        globalScheduler: SchedulerRequest,
        availability: SchedulerAvailability = SchedulerAvailability()
    ) {
        self.addressMode = addressMode
        self.sources = sources
        self.globalScheduler = globalScheduler
        self.availability = availability
    }

    /// A frontend in the words of IPVS.
    package struct Result: Hashable, Sendable {
        package let entry: IPVSState.Entry
        package let address: IPAddress
        package let announcement: Announcement
        /// The name of the Service port, which goes into the record of what is ours.
        package let owner: String
        package let problems: [ObjectProblem]
    }

    /// The virtual server of a frontend, with what could not be done as asked.
    ///
    /// A frontend that rejects is a virtual server without real servers: the kernel answers its
    /// packets with "port unreachable" (`ip_vs_leave`, `net/netfilter/ipvs/ip_vs_core.c`).
    package func lower(_ frontend: Frontend) -> Result {
        let key = Self.virtualServerKey(of: frontend.key)
        let address = frontend.key.endpoint.address
        let (scheduler, flags, problems) = resolve(frontend)
        var persistence: Persistence?
        if case .clientIP(let timeout) = frontend.affinity {
            persistence = Persistence(timeout: timeout, family: address.family)
        }
        var realServers: [RealServer] = []
        if case .balance(let backends) = frontend.inside {
            realServers = backends.map { RealServer(address: $0.address) }
        }
        return Result(
            entry: IPVSState.Entry(
                server: VirtualServer(
                    key: key,
                    scheduler: scheduler,
                    schedulerFlags: flags,
                    persistence: persistence
                ),
                realServers: realServers
            ),
            address: address,
            announcement: announcement(of: address),
            owner: frontend.service.description,
            problems: problems
        )
    }

    /// The virtual server that a frontend becomes.
    package static func virtualServerKey(of key: FrontendKey) -> VirtualServerKey {
        .address(key.endpoint, key.transport)
    }

    /// How an address is to be announced on this node.
    package func announcement(of address: IPAddress) -> Announcement {
        addressMode == .bind ? .bound : .route(source: sources[address.family])
    }

    private func resolve(
        _ frontend: Frontend
    ) -> (Scheduler, SchedulerFlags, [ObjectProblem]) {
        let request = frontend.scheduler
        let wanted = Scheduler(rawValue: request.name)
        let problem = { (field: String, message: String) in
            ObjectProblem(
                ObjectReference(.service, frontend.service.service),
                field: "metadata.annotations[\(Service.annotationPrefix)\(field)]",
                message: message
            )
        }
        guard availability.isAvailable(wanted) == true || request.name == globalScheduler.name
        else {
            let shown = String(request.name.prefix(40))
            let reason =
                wanted.isWellFormed
                ? "the kernel has no scheduler \"\(shown)\""
                : "\"\(shown)\" is not the name of a scheduler, such as rr or lc"
            let message =
                "\(reason); the global one, \"\(globalScheduler.name)\", is used instead"
            let global = Self.flags(of: globalScheduler)
            return (
                Scheduler(rawValue: globalScheduler.name), global.flags,
                [problem(Service.schedulerAnnotation, message)]
            )
        }
        let (flags, unknown) = Self.flags(of: request)
        let problems = unknown.map {
            [problem(Service.schedulerFlagsAnnotation, "\($0); its usual flags are used instead")]
        }
        return (wanted, flags, problems ?? [])
    }

    private static func flags(
        of request: SchedulerRequest
    ) -> (flags: SchedulerFlags, unknown: UnknownSchedulerFlag?) {
        let scheduler = Scheduler(rawValue: request.name)
        guard let names = request.flags else { return (.defaults(for: scheduler), nil) }
        switch SchedulerFlags.bits(for: scheduler, named: names) {
        case .success(let flags): return (flags, nil)
        case .failure(let unknown): return (.defaults(for: scheduler), unknown)
        }
    }
}
