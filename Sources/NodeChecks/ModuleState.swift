/// Whether a part of the kernel can be used.
package enum ModuleState: Hashable, Sendable {
    case loaded
    case builtIn
    /// It is loaded when it is needed.
    case loadable
    /// A file of `modprobe` forbids loading it.
    case forbidden(file: String)
    /// It could be loaded, but this kernel loads nothing any more.
    case locked
    case missing
    /// It is not seen at work, and there is nothing to say whether it could be loaded.
    case unknown

    /// It can be used, now or as soon as it is needed.
    package var isUsable: Bool {
        switch self {
        case .loaded, .builtIn, .loadable: true
        case .forbidden, .locked, .missing, .unknown: false
        }
    }

    /// It cannot be had as things are.
    package var isAbsent: Bool { !isUsable && self != .unknown }

    /// It is in the kernel now.
    package var isPresent: Bool { self == .loaded || self == .builtIn }
}

extension ModuleState: CustomStringConvertible {
    package var description: String {
        switch self {
        case .loaded: "loaded"
        case .builtIn: "built into the kernel"
        case .loadable: "available, not loaded: it is loaded when it is needed"
        case .forbidden(let file): "not loaded, and an \"install\" line in \(file) forbids it"
        case .locked:
            "not loaded, and this kernel loads nothing any more (kernel.modules_disabled is 1)"
        case .missing: "missing: the kernel has it neither built in nor as a module"
        case .unknown: "not seen, and nothing here says whether it can be loaded"
        }
    }
}
