import Subprocess
import SystemPackage

/// Loading of kernel modules.
package enum KernelModules {
    /// Asks `modprobe` for a module; nil when it was loaded or was there already, else why not.
    ///
    /// The kernel loads schedulers and `dummy` by itself; IPVS has to be asked for.
    package static func load(_ name: String) async -> String? {
        guard let path = HostProgram.path(of: "modprobe") else {
            return "there is no modprobe on this machine (Debian's package kmod has it)"
        }
        do {
            let result = try await run(
                .path(FilePath(path)),
                arguments: ["--quiet", "--", name],
                // Options of modprobe can be in the environment.
                environment: .custom(HostProgram.environment.map { Array($0.utf8) }),
                output: .discarded,
                error: .string(limit: 4096)
            )
            if result.terminationStatus.isSuccess { return nil }
            let words = result.standardError.prefix { $0 != "\n" }
            return words.isEmpty ? "modprobe found no module \(name)" : String(words)
        } catch {
            return "\(path) could not be started: \(error)"
        }
    }
}
