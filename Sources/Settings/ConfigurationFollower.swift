/// Says what a change of the configuration file means for a daemon that runs.
package struct ConfigurationFollower: Sendable {
    /// What a look at the file has found.
    package enum Finding: Hashable, Sendable {
        case nothingNew
        /// The text changed, and says what the daemon runs by.
        case sameConfiguration
        case wrong(ConfigurationErrors)
        case other(LoadedConfiguration)
        /// There is no file any more.
        case gone
    }

    private let running: FairleadConfiguration
    private let read: @Sendable (String) throws(ConfigurationErrors) -> LoadedConfiguration
    private var seen: String?
    private var judged: String??

    /// `running` is what the daemon runs by, and `read` makes a configuration of a text of the file.
    package init(
        running: FairleadConfiguration,
        read: @escaping @Sendable (String) throws(ConfigurationErrors) -> LoadedConfiguration
    ) {
        self.running = running
        self.read = read
    }

    /// Judges what the file holds now; nil is that there is none.
    ///
    /// A text is judged when it is seen for the second time in a row, as the first look may have met
    /// a file that is being written, and is judged once.
    package mutating func look(at text: String?) -> Finding {
        defer { seen = text }
        guard seen == text, judged != .some(text) else { return .nothingNew }
        let isFirst = judged == nil
        judged = .some(text)
        guard let text else { return isFirst ? .nothingNew : .gone }
        do throws(ConfigurationErrors) {
            let loaded = try read(text)
            guard loaded.configuration == running else { return .other(loaded) }
            return isFirst ? .nothingNew : .sameConfiguration
        } catch {
            return .wrong(error)
        }
    }
}
