import DataplaneModel
import Routing
import ServiceModel

extension IPVSLowering {
    /// The scheduler of a frontend, and what is wrong with the one it asks for.
    func resolve(
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
        if mode == .iptables {
            let isOwn = request.name != globalScheduler.name
            let message =
                "without IPVS there is no scheduler \"\(request.name.prefix(40))\": connections go to "
                + "endpoints at random"
            return (
                .random, [], isOwn ? [problem(Service.schedulerAnnotation, message)] : []
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
