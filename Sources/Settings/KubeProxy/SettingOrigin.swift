/// Where each value of a configuration was given: in a line of a file, or by a flag.
struct SettingOrigin {
    /// Nil without a file.
    var file: String?
    /// By the path of the field.
    var lines: [String: Int] = [:]
    /// The flag that gave a field its value, by the path of the field; a flag wins over the file.
    var flags: [String: String] = [:]

    /// The flag that gave a field, or the field or list that it is inside of.
    func flag(of path: String) -> String? {
        var path = path[...]
        while true {
            if let flag = flags[String(path)] { return flag }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
    }

    func remark(
        _ importance: ConfigurationRemark.Importance,
        _ path: String,
        _ message: String
    ) -> ConfigurationRemark {
        if let flag = flag(of: path) {
            return ConfigurationRemark(importance, file: nil, path: "--\(flag)", message: message)
        }
        return ConfigurationRemark(
            importance,
            file: file,
            path: path,
            line: lines[path],
            message: message
        )
    }

    func problem(_ path: String, value: String, _ message: String) -> ConfigurationProblem {
        if let flag = flag(of: path) {
            return ConfigurationProblem(path: "--\(flag)", value: value, message: message)
        }
        return ConfigurationProblem(
            file: file,
            path: path,
            line: lines[path],
            value: value,
            message: message
        )
    }
}
