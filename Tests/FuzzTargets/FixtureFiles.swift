import SystemPackage

/// The files that other tests have as examples.
enum FixtureFiles {
    private static let directory: FilePath = {
        var path = FilePath(#filePath)
        for _ in 0..<2 { path.removeLastComponent() }
        return path.appending("Fixtures")
    }()

    /// The content of files, named as in `Tests/Fixtures`.
    ///
    /// A name that leads nowhere ends the program: a seed that is missing would be missed by nobody.
    static func contents(_ names: String...) -> [[UInt8]] {
        names.map { name in
            let path = directory.appending(FilePath(name).components)
            do {
                let file = try FileDescriptor.open(path, .readOnly)
                return try file.closeAfter {
                    var bytes: [UInt8] = []
                    var chunk = [UInt8](repeating: 0, count: 1 << 16)
                    while true {
                        let count = unsafe try chunk.withUnsafeMutableBytes {
                            try unsafe file.read(into: $0)
                        }
                        if count == 0 { return bytes }
                        bytes += chunk[..<count]
                    }
                }
            } catch {
                fatalError("\(path) cannot be read: \(error)")
            }
        }
    }

    /// The lines of files, each for itself.
    static func lines(_ names: String...) -> [[UInt8]] {
        names.flatMap { contents($0)[0].split(separator: UInt8(ascii: "\n")).map(Array.init) }
    }
}
