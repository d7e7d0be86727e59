/// Where Services and EndpointSlices are read from.
package struct ManifestSettings: Hashable, Sendable {
    /// Empty for none.
    package var directory = ""
    /// A larger file is not read; 4Ki…16Gi.
    package var maximumFileSize = ByteQuantity(bytes: 256 << 20)

    package init() {}
}

extension ManifestSettings: ConfigurationSection {
    static var fields: [Field<ManifestSettings>] {
        [
            .value(
                "directory",
                \.directory,
                .optionalPath,
                "The directory with manifests of Services and EndpointSlices. Empty: none."
            ),
            .value(
                "maximumFileSize",
                \.maximumFileSize,
                .bytes(ByteQuantity(bytes: 4 << 10)...ByteQuantity(bytes: 16 << 30)),
                "The size above which a file is an error and is not read."
            ),
        ]
    }
}
