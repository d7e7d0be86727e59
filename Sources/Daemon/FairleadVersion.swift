/// Which release this is.
package enum FairleadVersion {
    package static let text = "0.1.0"
}
