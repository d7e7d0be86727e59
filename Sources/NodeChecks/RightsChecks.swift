import Addressing

/// What the process may do, and where it keeps its record.
enum RightsChecks {
    static func findings(
        _ observation: NodeObservation,
        _ intent: ServingIntent
    ) -> [Finding] {
        capabilities(observation, intent) + [stateDirectory(observation.stateDirectory)]
    }

    private static func capabilities(
        _ observation: NodeObservation,
        _ intent: ServingIntent
    ) -> [Finding] {
        guard let capabilities = observation.capabilities else {
            return [
                .note(
                    .changing,
                    "capabilities",
                    "they cannot be read: /proc/self/status does not have them",
                    remedy: "Run this where /proc is mounted."
                )
            ]
        }
        return [
            changing(capabilities),
            moduleLoading(capabilities, observation, intent),
            rawSockets(capabilities, observation),
        ].compactMap(\.self)
    }

    private static func changing(_ capabilities: Capabilities) -> Finding {
        capabilities.contains(.networkAdministration)
            ? .ok(.changing, "CAP_NET_ADMIN", "held by this process")
            : .failure(
                .changing,
                "CAP_NET_ADMIN",
                "not held by this process; so it could not look at everything, and a daemon "
                    + "without it can serve nothing",
                remedy: "Run it as root, or with CAP_NET_ADMIN."
            )
    }

    private static func moduleLoading(
        _ capabilities: Capabilities,
        _ observation: NodeObservation,
        _ intent: ServingIntent
    ) -> Finding {
        let subject = "CAP_SYS_MODULE"
        if capabilities.contains(.moduleLoading) {
            return .ok(.moduleLoading, subject, "held by this process")
        }
        guard intent.prefersIPVS, !observation.modules.state(of: .ipvs).isPresent else {
            return .ok(.moduleLoading, subject, "not held; it is not needed here")
        }
        return .note(
            .moduleLoading,
            subject,
            "not held by this process, so a daemon like it cannot load ip_vs by itself",
            remedy:
                "\"modprobe ip_vs\" on the host, and ip_vs in /etc/modules-load.d/fairlead.conf."
        )
    }

    /// The old variant of iptables reads and writes rules through a raw socket.
    private static func rawSockets(
        _ capabilities: Capabilities,
        _ observation: NodeObservation
    ) -> Finding? {
        guard !capabilities.contains(.rawSockets),
            observation.filters.contains(where: { $0.variant != .nft })
        else { return nil }
        return .note(
            .rawSockets,
            "CAP_NET_RAW",
            "not held by this process, and iptables-legacy does not work without it",
            remedy: "Add it, unless this node's rules are those of iptables-nft."
        )
    }

    private static func stateDirectory(_ directory: DirectoryObservation) -> Finding {
        let path = directory.path
        switch directory.kind {
        case .missing(_, isWritable: true):
            return .ok(.stateDirectory, path, "not there yet; the daemon makes it")
        case .missing(let nearest, isWritable: false):
            return .failure(
                .stateDirectory,
                path,
                "not there, and cannot be made, as \(nearest) is not writable",
                remedy: "Run it as root, make \(nearest) writable, or name another directory as "
                    + "stateDirectory."
            )
        case .symbolicLink:
            return .failure(
                .stateDirectory,
                path,
                "a symbolic link, which the daemon does not follow: who can change it decides "
                    + "where the record of what is ours is",
                remedy: "Name the directory itself as stateDirectory."
            )
        case .other:
            return .failure(
                .stateDirectory,
                path,
                "not a directory",
                remedy: "Remove it, or name another directory as stateDirectory."
            )
        case .unreadable(let reason):
            return .warning(
                .stateDirectory,
                path,
                "cannot be looked at: \(reason)",
                remedy: "Run this as root."
            )
        case .directory(_, _, isWritable: false):
            return .failure(
                .stateDirectory,
                path,
                "not writable, and the record of what is ours is kept there",
                remedy: "Run it as root, make the directory writable, or name another one as "
                    + "stateDirectory."
            )
        case .directory(let owner, let mode, isWritable: true):
            if owner != 0 {
                return .failure(
                    .stateDirectory,
                    path,
                    "belongs to user \(owner), who can change the record of what is ours",
                    remedy: "\"chown root:root \(path)\"."
                )
            }
            // A group or everybody may write.
            if mode & 0o022 != 0 {
                return .failure(
                    .stateDirectory,
                    path,
                    "others than root may write there (mode \(String(mode & 0o7777, radix: 8)))",
                    remedy: "\"chmod 755 \(path)\"."
                )
            }
            return .ok(.stateDirectory, path, "writable, and root's alone")
        }
    }
}
