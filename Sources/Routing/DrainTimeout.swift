import ServiceModel

extension Service {
    /// How long connections of this Service keep an endpoint that leaves, as its annotation says it;
    /// nil without one.
    ///
    /// An annotation that makes no sense counts as none, and is noted.
    func drainTimeout(_ problems: inout [ObjectProblem]) -> Duration? {
        guard let text = annotations[Self.drainTimeoutAnnotation] else { return nil }
        let reason: String
        do throws(DurationError) {
            let timeout = try Duration(kubernetesText: text)
            if Self.drainTimeouts.contains(timeout) { return timeout }
            let longest = Self.drainTimeouts.upperBound.kubernetesText
            reason = "\"\(text)\" is out of range; allowed: 0s…\(longest)"
        } catch {
            reason = "\(error)"
        }
        problems.append(
            ObjectProblem(
                ObjectReference(.service, name),
                field:
                    "metadata.annotations[\(Self.annotationPrefix)\(Self.drainTimeoutAnnotation)]",
                message: "\(reason); what the configuration says is used instead"
            )
        )
        return nil
    }

    /// Up to 31 days, the longest that IPVS remembers anything.
    private static let drainTimeouts = Duration.zero ... .seconds(31 * 24 * 3600)
}
