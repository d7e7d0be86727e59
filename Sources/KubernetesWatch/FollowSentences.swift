extension WatchedResource {
    /// Why the collection may not be listed, and what would help.
    package func refusal(_ status: APIStatus) -> String { sentence(status, verb: "list") }

    /// What a refusal means, and what would help.
    func sentence(_ status: APIStatus, verb: String) -> String {
        let words = status.message.isEmpty ? status.reason : status.message
        let said = words.isEmpty ? "" : ": \(words.onOneLine)"
        switch status.code {
        case 401:
            return "the API server does not know who asks for \(name) (401)\(said); the token or "
                + "certificate of this daemon is wrong or has expired"
        case 403:
            return "the API server forbids to \(verb) \(name) (403)\(said); grant the verbs list "
                + "and watch on the resource \"\(name)\" in the API group \"\(group)\" for the "
                + "whole cluster"
        case 404:
            return "the API server has no \(name) of \(groupVersion) (404)\(said)"
        case 429:
            return "the API server is too busy to \(verb) \(name) (429)\(said)"
        case 0:
            return "the API server breaks off to \(verb) \(name)\(said)"
        default:
            return "the API server does not \(verb) \(name) (\(status.code))\(said)"
        }
    }

    private var groupVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
}

extension String {
    /// For a log: without line ends, and not endless.
    fileprivate var onOneLine: String {
        let short = prefix(400).map { $0.isNewline ? " " : $0 }
        return String(short) + (count > 400 ? "…" : "")
    }
}
