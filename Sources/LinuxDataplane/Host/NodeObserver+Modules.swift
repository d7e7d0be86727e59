import NodeChecks

extension NodeObserver {
    /// What this machine's files say of the kernel's modules.
    func moduleCatalogue() -> ModuleCatalogue {
        var catalogue = ModuleCatalogue(release: release)
        let directory = "/lib/modules/\(release)"
        catalogue.loaded = Self.text("/proc/modules").map {
            ModuleCatalogue.names(inProcModules: $0)
        }
        catalogue.builtIn = Self.text(directory + "/modules.builtin").map {
            ModuleCatalogue.names(inIndex: $0)
        }
        catalogue.loadable = Self.text(directory + "/modules.dep").map {
            ModuleCatalogue.names(inIndex: $0)
        }
        catalogue.options = kernelConfiguration().map { ModuleCatalogue.options(in: $0) }
        for (module, path) in KernelModule.signs where Self.exists(path) {
            catalogue.evident.insert(module)
        }
        catalogue.isLocked = Self.text("/proc/sys/kernel/modules_disabled")?.first == "1"
        // Where modprobe looks, the most important last.
        for directory in [
            "/lib/modprobe.d", "/usr/lib/modprobe.d", "/usr/local/lib/modprobe.d",
            "/run/modprobe.d", "/etc/modprobe.d",
        ] {
            for name in HostFile.names(in: directory) where name.hasSuffix(".conf") {
                let path = "\(directory)/\(name)"
                let modules = ModuleCatalogue.forbidden(inModprobeFile: Self.text(path) ?? "")
                for module in modules { catalogue.forbidden[module] = path }
            }
        }
        return catalogue
    }

    /// What the kernel was built with, where somebody keeps it.
    private func kernelConfiguration() -> String? {
        for path in ["/boot/config-\(release)", "/lib/modules/\(release)/config"] {
            if let text = Self.text(path) { return text }
        }
        let packed = "/proc/config.gz"
        guard Self.exists(packed), let gzip = HostProgram.path(of: "gzip"),
            let outcome = try? HostProgram.run(gzip, ["-dc", packed]), outcome.status == 0
        else { return nil }
        return outcome.output
    }
}
