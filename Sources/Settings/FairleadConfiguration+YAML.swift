extension FairleadConfiguration {
    /// Reads a configuration file.
    ///
    /// Every field may be left out, or be null, and then has its default; `apiVersion` and `kind`
    /// may not. `fileName` is only for the messages.
    ///
    /// - Throws: all that is wrong in the file at once. Two things hide others: text that is not
    ///   YAML, and another `kind`, whose fields are not judged.
    package static func load(
        yaml: String,
        fileName: String
    ) throws(ConfigurationErrors) -> FairleadConfiguration {
        try load(YAMLDocument(parsing: yaml, file: fileName), fileName: fileName)
    }

    /// Reads the one document of a configuration file.
    static func load(
        _ document: YAMLDocument,
        fileName: String
    ) throws(ConfigurationErrors) -> FairleadConfiguration {
        guard let root = document.roots.first else {
            guard document.problems.isEmpty else { throw ConfigurationErrors(document.problems) }
            throw ConfigurationErrors([emptyFile(fileName)])
        }
        var reader = FieldReader(file: fileName)
        var configuration = FairleadConfiguration()
        reader.section(
            root,
            at: "",
            into: &configuration,
            requiring: ["apiVersion": apiVersion, "kind": kind]
        )
        var problems = reader.problems
        if problems.contains(where: { $0.path == "kind" && $0.value != nil }) {
            problems.removeAll { $0.path != "kind" && $0.path != "apiVersion" }
        }
        problems += document.problems
        if document.roots.count > 1 {
            problems.append(YAMLDocument.surplus(document.roots[1], file: fileName))
        }
        guard problems.isEmpty else { throw ConfigurationErrors(problems) }
        return configuration
    }

    private static func emptyFile(_ name: String) -> ConfigurationProblem {
        ConfigurationProblem(
            file: name,
            path: "",
            message: "is empty; the first two lines must be \"apiVersion: \(apiVersion)\" and "
                + "\"kind: \(kind)\""
        )
    }

    /// The file that `load(yaml:fileName:)` reads as this value, with every field and, for each, a
    /// comment on what it does, what is allowed and what its default is.
    package func commentedYAML() -> String {
        var yaml = CommentedYAML()
        yaml.comment(
            """
            The configuration of Fairlead, with every field. A field that is left out has its \
            default.
            """
        )
        yaml.section(self, isRoot: true)
        return yaml.text
    }

    /// The shortest file that `load(yaml:fileName:)` reads as this value: the two lines that every
    /// file has, and the fields that differ from their defaults, without comments.
    package func compactYAML() -> String {
        var yaml = CommentedYAML(isCompact: true)
        yaml.section(self, isRoot: true)
        return yaml.text
    }
}
