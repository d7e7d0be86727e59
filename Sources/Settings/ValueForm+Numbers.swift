import Addressing
import ServiceModel

extension ValueForm where Value == Duration {
    /// A duration within `range`, or 0s where `allowsZero`.
    static func duration(
        _ range: ClosedRange<Duration>,
        allowsZero: Bool = false,
        wholeSeconds: Bool = false
    ) -> Self {
        var allowed = "\(range.lowerBound.kubernetesText)…\(range.upperBound.kubernetesText)"
        if wholeSeconds { allowed += " in whole seconds" }
        if allowsZero { allowed = "0s, or \(allowed)" }
        return Self(allowed: allowed) { [allowed] text throws(InvalidValue) in
            let duration: Duration
            do throws(DurationError) {
                duration = try Duration(kubernetesText: text)
            } catch {
                throw InvalidValue("\(error)")
            }
            if allowsZero, duration == .zero { return duration }
            guard range.contains(duration) else {
                throw InvalidValue("\"\(text)\" is out of range; allowed: \(allowed)")
            }
            guard !wholeSeconds || duration.components.attoseconds == 0 else {
                throw InvalidValue("\"\(text)\" is not a whole number of seconds")
            }
            return duration
        } print: {
            $0.kubernetesText
        }
    }
}

extension ValueForm where Value == Int {
    static func wholeNumber(_ range: ClosedRange<Int>) -> Self {
        let allowed = "\(range.lowerBound)…\(range.upperBound)"
        return Self(allowed: allowed) { text throws(InvalidValue) in
            let isNumber = text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            guard isNumber, let number = Int(text), range.contains(number) else {
                throw InvalidValue("\"\(text)\" is not a whole number in \(allowed)")
            }
            return number
        } print: {
            "\($0)"
        }
    }
}

extension ValueForm where Value == Int {
    /// A whole number in a range that may begin below zero.
    static func signedNumber(_ range: ClosedRange<Int>) -> Self {
        let allowed = "\(range.lowerBound)…\(range.upperBound)"
        return Self(allowed: allowed) { text throws(InvalidValue) in
            guard let number = Int(text), range.contains(number) else {
                throw InvalidValue("\"\(text)\" is not a whole number in \(allowed)")
            }
            return number
        } print: {
            "\($0)"
        }
    }
}

extension ValueForm where Value == ByteQuantity {
    static func bytes(_ range: ClosedRange<ByteQuantity>) -> Self {
        let allowed = "\(range.lowerBound)…\(range.upperBound)"
        return Self(allowed: "\(allowed), in bytes, Ki, Mi or Gi") { text throws(InvalidValue) in
            let quantity: ByteQuantity
            do throws(QuantityError) {
                quantity = try ByteQuantity(text)
            } catch {
                throw InvalidValue("\(error)")
            }
            guard range.contains(quantity) else {
                throw InvalidValue("\"\(text)\" is out of range; allowed: \(allowed)")
            }
            return quantity
        } print: {
            "\($0)"
        }
    }
}

extension ValueForm where Value == IPAddress {
    /// An address that one node can have for itself.
    static let nodeAddress = Self(
        allowed: "addresses of the node, at most one of each family"
    ) { text throws(InvalidValue) in
        let address: IPAddress
        do throws(AddressError) {
            address = try IPAddress(text)
        } catch {
            throw InvalidValue("\(error)")
        }
        guard !address.isLoopback, !address.isUnspecified, !address.isMulticast else {
            throw InvalidValue(
                "\"\(text)\" is a loopback, multicast or unspecified address, which no other node "
                    + "can answer to"
            )
        }
        return address
    } print: {
        CommentedYAML.scalar("\($0)")
    }
}

extension ValueForm where Value == IPPrefix {
    static let prefix = Self(
        allowed: "prefixes such as 10.0.0.0/8 or fd00::/8"
    ) { text throws(InvalidValue) in
        do throws(AddressError) {
            return try IPPrefix(text)
        } catch {
            throw InvalidValue("\(error)")
        }
    } print: {
        CommentedYAML.scalar("\($0)")
    }
}

extension ValueForm where Value == [IPPrefix] {
    /// Prefixes on one line, with commas between them.
    static var prefixes: Self {
        let prefix = ValueForm<IPPrefix>.prefix
        return Self(allowed: prefix.allowed) { text throws(InvalidValue) in
            var prefixes: [IPPrefix] = []
            guard !text.isEmpty else { return prefixes }
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                prefixes.append(try prefix.parse(String(part)))
            }
            return prefixes
        } print: {
            $0.map { "\($0)" }.joined(separator: ",")
        }
    }
}
