import DataplaneModel

/// What the kernel has for IPVS.
enum IPVSChecks {
    static func findings(
        _ observation: NodeObservation,
        _ intent: ServingIntent
    ) -> [Finding] {
        let modules = observation.modules
        let state = modules.state(of: .ipvs)
        let kernel = kernel(observation, intent, state)
        guard intent.prefersIPVS, !state.isAbsent else { return [kernel] }
        return [kernel, scheduler(modules, intent)] + namespaceSchedulers(modules, intent)
            + [otherSchedulers(modules, intent), device(observation, intent)]
    }

    private static func kernel(
        _ observation: NodeObservation,
        _ intent: ServingIntent,
        _ state: ModuleState
    ) -> Finding {
        let remedy = observation.modules.remedy(for: .ipvs)
        guard intent.prefersIPVS else {
            return .ok(.ipvs, "ip_vs", "\(state); it is not needed in the mode iptables")
        }
        if case .unreadable(let reason) = observation.ipvs {
            return .warning(
                .ipvs,
                "ip_vs",
                "\(state), and cannot be read: \(reason)",
                remedy: "Run this as root, or with CAP_NET_ADMIN."
            )
        }
        if state.isUsable { return .ok(.ipvs, "ip_vs", "\(state)") }
        if state == .unknown {
            return .warning(.ipvs, "ip_vs", "\(state)", remedy: remedy)
        }
        return .weighed(
            intent.verdictWithoutIPVS,
            .ipvs,
            "ip_vs",
            "\(state)"
                + (intent.mode == .automatic
                    ? "; the mode auto serves by iptables instead"
                    : "; the mode ipvs cannot serve without it"),
            remedy: remedy
        )
    }

    private static func scheduler(
        _ modules: ModuleCatalogue,
        _ intent: ServingIntent
    ) -> Finding {
        let module = KernelModule.scheduler(intent.scheduler)
        let state = modules.state(of: module)
        let remedy =
            modules.remedy(for: module)
            + " Or name another scheduler, such as rr, as ipvs.scheduler.name."
        if state.isUsable {
            return .ok(.scheduler, "\(intent.scheduler)", "\(state); it is the configured one")
        }
        if state == .unknown {
            return .note(.scheduler, "\(intent.scheduler)", "\(state)", remedy: remedy)
        }
        return .weighed(
            intent.verdictWithoutIPVS,
            .scheduler,
            "\(intent.scheduler)",
            "\(state); it is the configured one"
                + (intent.mode == .automatic ? ", so the mode auto serves by iptables" : ""),
            remedy: remedy
        )
    }

    private static func namespaceSchedulers(
        _ modules: ModuleCatalogue,
        _ intent: ServingIntent
    ) -> [Finding] {
        let bySchedulers = Dictionary(grouping: intent.namespaceSchedulers.keys) {
            intent.namespaceSchedulers[$0] ?? intent.scheduler
        }
        return bySchedulers.sorted { $0.key < $1.key }.compactMap { scheduler, namespaces in
            guard scheduler != intent.scheduler else { return nil }
            let module = KernelModule.scheduler(scheduler)
            let state = modules.state(of: module)
            let place = "configured for \(listed(namespaces))"
            if state.isUsable { return .ok(.scheduler, "\(scheduler)", "\(state); \(place)") }
            return .weighed(
                state == .unknown ? .note : .warning,
                .scheduler,
                "\(scheduler)",
                "\(state); \(place)"
                    + (state == .unknown ? "" : ", where \(intent.scheduler) is used instead"),
                remedy: modules.remedy(for: module)
            )
        }
    }

    private static func otherSchedulers(
        _ modules: ModuleCatalogue,
        _ intent: ServingIntent
    ) -> Finding {
        let named = Set(intent.namespaceSchedulers.values).union([intent.scheduler])
        let others = Scheduler.wellKnown.filter { !named.contains($0) }
        return .ok(
            .otherSchedulers,
            "other schedulers",
            ModuleGroup(others.map { ("\($0)", modules.state(of: .scheduler($0))) }).description
        )
    }

    /// Service addresses are announced on a device of this kind; without one, local routes go by the
    /// loopback device.
    private static func device(
        _ observation: NodeObservation,
        _ intent: ServingIntent
    ) -> Finding {
        let state = observation.modules.state(of: .dummy)
        if observation.network.isServiceDeviceUnfit {
            return .failure(
                .device,
                "dummy",
                "\(intent.device) is there and is another kind of interface, which the daemon "
                    + "does not touch",
                remedy: "Name a dummy device, or one that is not there yet, as addresses.device."
            )
        }
        if observation.network.interfaces.contains(intent.device) {
            return .ok(.device, "dummy", "\(intent.device) is there")
        }
        if state.isUsable {
            return .ok(.device, "dummy", "\(state); \(intent.device) is made of it")
        }
        let remedy = observation.modules.remedy(for: .dummy)
        guard intent.bindsAddresses else {
            let text = "\(state); service addresses are local routes by the loopback device then"
            return .note(.device, "dummy", text, remedy: remedy)
        }
        let text = "\(state); \(intent.device), which has the service addresses, is made of it"
        return state == .unknown
            ? .note(.device, "dummy", text, remedy: remedy)
            : .failure(
                .device,
                "dummy",
                text,
                remedy: "\(remedy) Or use addresses.announce: routes."
            )
    }
}
