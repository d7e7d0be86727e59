import Addressing
import ServiceModel

extension ValueForm where Value == Bool {
    /// A truth value as YAML 1.1 and Go have it, which templates write as `False`.
    static let kubeProxyTruth = Self(allowed: "true and false") { text throws(InvalidValue) in
        switch text.lowercased() {
        case "true", "yes", "on", "y", "t", "1": true
        case "false", "no", "off", "n", "f", "0": false
        default: throw InvalidValue("\"\(text)\" is not a truth value; write true or false")
        }
    } print: {
        $0 ? "true" : "false"
    }
}

extension ValueForm where Value == Duration {
    /// A duration as Go writes it, not below zero.
    static let kubeProxyDuration = Self(
        allowed: "0s and longer"
    ) { text throws(InvalidValue) in
        let duration: Duration
        do throws(DurationError) {
            duration = try Duration(kubernetesText: text)
        } catch {
            throw InvalidValue("\(error)")
        }
        guard duration >= .zero else {
            throw InvalidValue("\"\(text)\" is below zero; write 0s, or a duration such as 30s")
        }
        return duration
    } print: {
        $0.kubernetesText
    }

    /// A duration, or the number of its nanoseconds.
    static let kubeProxyFlushing = Self(
        allowed: kubeProxyDuration.allowed
    ) { text throws(InvalidValue) in
        if let nanoseconds = Int64(text), nanoseconds >= 0 { return .nanoseconds(nanoseconds) }
        return try kubeProxyDuration.parse(text)
    } print: {
        $0.kubernetesText
    }
}

extension ValueForm where Value == String {
    static let kubeProxyText = Self.text("a text", allowed: "one line of text") { text in
        text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// A Node's name, which kube-proxy trims and writes small.
    static let kubeProxyHostname = Self(allowed: nodeName.allowed) { text throws(InvalidValue) in
        var name = text.lowercased()[...]
        while name.first?.isWhitespace == true { name.removeFirst() }
        while name.last?.isWhitespace == true { name.removeLast() }
        return try nodeName.parse(String(name))
    } print: {
        CommentedYAML.scalar($0)
    }

    /// A scheduler; empty is `rr`.
    static let kubeProxyScheduler = Self(allowed: scheduler.allowed) { text throws(InvalidValue) in
        text.isEmpty ? "rr" : try scheduler.parse(text)
    } print: {
        CommentedYAML.scalar($0)
    }
}

extension ValueForm where Value == Double {
    static let kubeProxyRate = Self(allowed: "a number") { text throws(InvalidValue) in
        guard let number = Double(text), number.isFinite else {
            throw InvalidValue("\"\(text)\" is not a number such as 5 or 7.5")
        }
        return number
    } print: {
        "\($0)"
    }
}

extension ValueForm where Value == IPAddress? {
    static let kubeProxyAddress = Self(
        allowed: "an IP address"
    ) { text throws(InvalidValue) in
        if text.isEmpty { return nil }
        do throws(AddressError) {
            return try IPAddress(text)
        } catch {
            throw InvalidValue("\(error)")
        }
    } print: {
        $0.map { "\"\($0)\"" } ?? "\"\""
    }
}

extension ValueForm where Value == IPPrefix {
    /// A prefix, of which bits behind its length do not count, as in Go's `ParseCIDR`.
    static let kubeProxyPrefix = Self(allowed: prefix.allowed) { text throws(InvalidValue) in
        do throws(AddressError) {
            return try IPPrefix(clearingHostBitsOf: text)
        } catch {
            throw InvalidValue("\(error)")
        }
    } print: {
        prefix.print($0)
    }
}

extension ValueForm where Value == [IPPrefix] {
    /// Prefixes with commas between them, none twice.
    static let kubeProxyPrefixes = Self(
        allowed: ValueForm<IPPrefix>.prefix.allowed
    ) { text throws(InvalidValue) in
        var prefixes: [IPPrefix] = []
        guard !text.isEmpty else { return prefixes }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let prefix = try ValueForm<IPPrefix>.kubeProxyPrefix.parse(String(part))
            if !prefixes.contains(prefix) { prefixes.append(prefix) }
        }
        return prefixes
    } print: {
        CommentedYAML.scalar($0.map { "\($0)" }.joined(separator: ","))
    }
}

extension ValueForm where Value == LocalTrafficMode {
    /// Empty is `ClusterCIDR`.
    static let kubeProxyLocalMode = Self(
        allowed: localTrafficMode.allowed
    ) { text throws(InvalidValue) in
        text.isEmpty ? .clusterCIDR : try localTrafficMode.parse(text)
    } print: {
        CommentedYAML.scalar($0.rawValue)
    }
}

extension ValueForm where Value == LogFormat {
    /// Empty is `text`.
    static let kubeProxyLogFormat = Self(allowed: "text and json") { text throws(InvalidValue) in
        text.isEmpty ? .text : try oneOf("a format").parse(text)
    } print: {
        $0.rawValue
    }
}
