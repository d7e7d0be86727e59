import Settings

/// The first two lines, without which nothing is read.
let header = "apiVersion: fairlead.dev/v1alpha1\nkind: FairleadConfiguration\n"

/// What `body` with the two lines in front is read as.
func load(_ body: String) throws(ConfigurationErrors) -> FairleadConfiguration {
    try FairleadConfiguration.load(yaml: header + body, fileName: "fairlead.yaml")
}

/// The problems of a whole file, as they are shown; none when it is read.
func problems(inFile yaml: String) -> [String] {
    do throws(ConfigurationErrors) {
        _ = try FairleadConfiguration.load(yaml: yaml, fileName: "fairlead.yaml")
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

/// The problems of `body` with the two lines in front; its own first line is line 3.
func problems(in body: String) -> [String] {
    problems(inFile: header + body)
}
