/// A flag of kube-proxy's command line.
struct KubeProxyFlag: Hashable, Sendable {
    /// How its value is written.
    enum Form: Hashable, Sendable {
        case text
        /// `--flag`, `--flag=true` or `--flag=false`.
        case truth
        /// Values with commas between them; given again, they are added.
        case list
        /// `A=x,B=y`; given again, they are added.
        case pairs
    }

    /// What it does.
    enum Effect: Hashable, Sendable {
        /// The same as a field of the configuration file.
        case field(String)
        /// What only the command line has.
        case own
        /// Nothing, and why.
        case none(String)
    }

    /// Without the two dashes.
    let name: String
    let form: Form
    let effect: Effect
    /// What the help says of it.
    let purpose: String
    /// Whether it counts although a configuration file is given.
    let countsBesideFile: Bool

    init(
        _ name: String,
        _ form: Form,
        _ effect: Effect,
        _ purpose: String,
        besideFile: Bool = false
    ) {
        self.name = name
        self.form = form
        self.effect = effect
        self.purpose = purpose
        countsBesideFile = besideFile
    }

    /// A flag whose value is a text.
    init(_ name: String, _ effect: Effect, _ purpose: String, besideFile: Bool = false) {
        self.init(name, .text, effect, purpose, besideFile: besideFile)
    }

    /// The field that it stands for.
    var path: String? {
        if case .field(let path) = effect { path } else { nil }
    }
}

/// A flag as it was given.
struct KubeProxyFlagUse: Hashable, Sendable {
    let flag: KubeProxyFlag
    let value: String

    /// Whether this is not only what would be without the flag.
    ///
    /// Logging to standard error is what is done.
    var saysSomething: Bool {
        switch flag.name {
        case "logtostderr": value == "false"
        case "alsologtostderr": false
        default: !value.isEmpty && value != "false"
        }
    }
}
