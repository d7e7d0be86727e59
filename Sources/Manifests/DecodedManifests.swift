/// What a manifest file says.
package struct DecodedManifests: Hashable, Sendable {
    /// The objects of the file, in its order.
    ///
    /// The same object may be there twice.
    package let entries: [ManifestEntry]
    /// What is wrong with the file rather than with an object in it.
    package let problems: [FileProblem]
    /// What was left aside on purpose, though nothing is wrong with it.
    package let notices: [ManifestNotice]
    /// Whether every object of the file is in `entries`.
    ///
    /// When it is not, an object that is missing may only have become unreadable, and must not be
    /// taken for removed.
    package let isComplete: Bool

    package init(
        entries: [ManifestEntry] = [],
        problems: [FileProblem] = [],
        notices: [ManifestNotice] = [],
        isComplete: Bool = true
    ) {
        self.entries = entries
        self.problems = problems
        self.notices = notices
        self.isComplete = isComplete
    }
}

/// An object and where in its file it is.
package struct ManifestEntry: Hashable, Sendable {
    package let position: DocumentPosition
    package let object: DecodedObject

    package init(position: DocumentPosition, object: DecodedObject) {
        self.position = position
        self.object = object
    }
}

/// A place in a file that holds an object: a document, or an item of a list in it.
package struct DocumentPosition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Counted from 1; a document that is empty counts, as the `---` before it does.
    package let document: Int
    /// Counted from 0, as in `items[0]`; nil when the document is the object itself.
    package let item: Int?

    package init(document: Int, item: Int? = nil) {
        self.document = document
        self.item = item
    }

    /// `document 3` or `document 1, items[7]`.
    package var description: String {
        item.map { "document \(document), items[\($0)]" } ?? "document \(document)"
    }

    package static func < (left: DocumentPosition, right: DocumentPosition) -> Bool {
        (left.document, left.item ?? -1) < (right.document, right.item ?? -1)
    }
}

/// Something that hides an object, or any number of them, so that none can be named.
package struct FileProblem: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// Nil when the file as a whole is meant.
    package let position: DocumentPosition?
    /// Counted from 1 in the file, not in the document; nil where the parser does not say.
    package let line: Int?
    /// Counted from 1.
    package let column: Int?
    package let message: String

    package init(
        file: String,
        position: DocumentPosition? = nil,
        line: Int? = nil,
        column: Int? = nil,
        message: String
    ) {
        self.file = file
        self.position = position
        self.line = line
        self.column = column
        self.message = message
    }

    /// `web.yaml:12:3: document 2: did not find expected key`.
    package var description: String {
        var text = file
        if let line { text += ":\(line)" }
        if line != nil, let column { text += ":\(column)" }
        if let position { text += ": \(position)" }
        return text + ": " + message
    }
}

/// A document, object or part of one that was left aside on purpose.
package struct ManifestNotice: Hashable, Sendable, CustomStringConvertible {
    package let position: DocumentPosition
    package let message: String

    package init(position: DocumentPosition, message: String) {
        self.position = position
        self.message = message
    }

    /// `document 3: Deployment default/web is not a Service, EndpointSlice, Endpoints or Node; left
    /// aside`.
    package var description: String { "\(position): \(message)" }
}
