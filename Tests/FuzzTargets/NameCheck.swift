import Addressing
import DataplaneModel
import ServiceModel
import Settings

/// What reads as something must print as a text that reads as the same.
enum NameCheck {
    static func check(_ text: String) throws(BrokenPromise) {
        do throws(AddressError) {
            _ = try IPPrefix(text)
        } catch {
            try requireWords("\(error)")
        }
        if let address = try? IPAddress(text) {
            try same(address, try? IPAddress(address.description))
        }
        if let prefix = try? IPPrefix(text) {
            try same(prefix, try? IPPrefix(prefix.description))
        }
        if let prefix = try? IPPrefix(clearingHostBitsOf: text) {
            try same(prefix, try? IPPrefix(prefix.description))
        }
        if let endpoint = SocketEndpoint(text) {
            try same(endpoint, SocketEndpoint(endpoint.description))
        }
        if let key = VirtualServerKey(text) {
            try same(key, VirtualServerKey(key.description))
        }
        if let set = AddressSet(name: text) { try same(set.name, text) }
        if let quantity = try? ByteQuantity(text) {
            try same(quantity, try? ByteQuantity(quantity.description))
        }
        if let duration = try? Duration(kubernetesText: text) {
            let written = duration.kubernetesText
            try same(written, (try? Duration(kubernetesText: written))?.kubernetesText)
        }
    }

    private static func same<Value: Equatable>(
        _ value: Value,
        _ again: Value?
    ) throws(BrokenPromise) {
        try require(again == value, "\(value) reads as \(again.map { "\($0)" } ?? "nothing")")
    }
}
