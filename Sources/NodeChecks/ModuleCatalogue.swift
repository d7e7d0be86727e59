/// What is known of a kernel's modules.
package struct ModuleCatalogue: Hashable, Sendable {
    /// Such as `6.1.0-18-amd64`.
    package var release: String
    /// `/proc/modules`; nil on a kernel that cannot load any.
    package var loaded: Set<String>?
    /// `modules.builtin`; nil where this machine, or this container, has no such file.
    package var builtIn: Set<String>?
    /// `modules.dep`; nil where there is no such file.
    package var loadable: Set<String>?
    /// The options the kernel was built with, `y` or `m`, without `CONFIG_`; nil when they are not
    /// to be had.
    package var options: [String: Character]?
    /// The modules that `modprobe` must not load, with the file that says so.
    package var forbidden: [String: String] = [:]
    /// Those of `KernelModule.signs` whose file is there.
    package var evident: Set<KernelModule> = []
    /// Whether `kernel.modules_disabled` is 1.
    package var isLocked = false

    package init(release: String) { self.release = release }

    package func state(of module: KernelModule) -> ModuleState {
        let names = [module.name] + [module.otherName].compactMap(\.self)
        if names.contains(where: { loaded?.contains($0) ?? false }) { return .loaded }
        if evident.contains(module) || names.contains(where: { builtIn?.contains($0) ?? false }) {
            return .builtIn
        }
        let options = [module.option] + [module.otherOption].compactMap(\.self)
        let chosen = self.options.map { known in options.compactMap { known[$0] } }
        if let chosen, chosen.contains("y") {
            // Since 6.9 the option that had been that of ip_tables is built without it as well.
            return KernelModule.signs[module]?.hasPrefix("/proc") ?? false ? .missing : .builtIn
        }
        if let name = names.first(where: { loadable?.contains($0) ?? false }) {
            if let file = forbidden[name] { return .forbidden(file: file) }
            return isLocked ? .locked : .loadable
        }
        if loadable != nil, builtIn != nil { return .missing }
        if let chosen, chosen.isEmpty || loaded == nil { return .missing }
        if loaded == nil, KernelModule.signs[module] != nil { return .missing }
        return .unknown
    }

    /// What would help where a module cannot be used.
    func remedy(for module: KernelModule) -> String {
        switch state(of: module) {
        case .loaded, .builtIn: "Nothing has to be done."
        case .loadable: "Nothing has to be done; \"modprobe \(module)\" loads it now."
        case .forbidden(let file):
            "Remove the line \"install \(module) …\" from \(file), then \"modprobe \(module)\"."
        case .locked:
            "Write \(module) into /etc/modules-load.d/fairlead.conf and restart the machine."
        case .missing where loaded == nil:
            "Use a kernel that has it (CONFIG_\(module.option)); this one cannot load modules."
        case .missing:
            "Install the package with this kernel's modules (Debian: linux-image-\(release), "
                + "Ubuntu: linux-modules-extra-\(release), Fedora and RHEL: kernel-modules), or "
                + "use a kernel that has it."
        case .unknown:
            "On the host, \"modprobe \(module)\" loads it if it can be had. A container needs the "
                + "host's /lib/modules to see that."
        }
    }
}

// What the files say that modules are known by.
extension ModuleCatalogue {
    /// The names in `modules.dep` or `modules.builtin`: each line begins with a path such as
    /// `kernel/net/netfilter/ipvs/ip_vs_rr.ko.xz`.
    package static func names(inIndex text: String) -> Set<String> {
        var names: Set<String> = []
        for line in text.split(separator: "\n") {
            let path = line.prefix { $0 != ":" }
            guard let file = path.split(separator: "/").last else { continue }
            names.insert(normalized(file.prefix { $0 != "." }))
        }
        return names
    }

    /// The names in `/proc/modules`.
    package static func names(inProcModules text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").compactMap { line in
                line.split(separator: " ").first.map { normalized($0) }
            }
        )
    }

    /// The options in a kernel's configuration that are `y` or `m`.
    package static func options(in text: String) -> [String: Character] {
        var options: [String: Character] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("CONFIG_") {
            let parts = line.dropFirst("CONFIG_".count).split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[1] == "y" || parts[1] == "m" else { continue }
            options[String(parts[0])] = parts[1].first
        }
        return options
    }

    /// The modules that a file of `modprobe` forbids: `install ip_vs /bin/false`.
    ///
    /// An `install` line with another command may well load the module.
    package static func forbidden(inModprobeFile text: String) -> Set<String> {
        var names: Set<String> = []
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count >= 3, words[0] == "install" else { continue }
            let program = words[2].split(separator: "/").last ?? ""
            if ["false", "true", ":"].contains(program) { names.insert(normalized(words[1])) }
        }
        return names
    }

    private static func normalized(_ name: some StringProtocol) -> String {
        String(name.map { $0 == "-" ? "_" : $0 })
    }
}
