import DataplaneModel

/// What takes a thing away, whoever it belonged to; each answers why it could not, or nil.
enum RemovalAction {
    /// Gives one of the programs that restore rules an input that takes rules away.
    static func restore(_ input: String, by program: String) -> String? {
        guard let programs = RulePrograms.named(program) else {
            return "there is no \(program) on this machine any more"
        }
        return reason { () throws(DataplaneError) in try programs.restore(input) }
    }

    /// Destroys an address set; `users` are the rules that were seen to look into it.
    static func destroySet(_ name: String, _ users: [String]) -> String? {
        do throws(DataplaneError) {
            let session = try SetSession()
            do throws(SetSession.Report) {
                try session.destroy(name)
            } catch {
                switch error.code {
                case .noEntry: return nil
                case .busy where users.isEmpty:
                    return
                        "it is in use by something else than the rules that were removed: a rule "
                        + "that was not, or a set of sets"
                case .busy: return "it is in use by \(users.joined(separator: " and by "))"
                default: return error.words
                }
            }
        } catch {
            return "\(error)"
        }
        return nil
    }

    /// Why something failed; nil when it did not.
    static func reason(_ body: () throws(DataplaneError) -> Void) -> String? {
        do throws(DataplaneError) {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
