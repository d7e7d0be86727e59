import Addressing
import DataplaneModel
package import Planning

// Real servers that leave, and keep their connections until those have ended.
extension Reconciler where Device: ~Copyable {
    /// Virtual servers that are read at once, so that changes never wait long for it.
    private static var looksAtOnce: Int { 256 }

    /// Takes in since when real servers leave that an earlier run knew of.
    ///
    /// To be called before the first `reconcile`; what it says of others is passed over.
    package mutating func restore(_ terms: Departures.Terms) { departures.restore(terms) }

    /// Reads what those who leave carry, as far as that is due, and lets go who has nothing more.
    mutating func lookAtDepartures(report: inout ReconciliationReport) {
        guard hasSynced, let next = departures.nextLook, next <= now else { return }
        let due = departures.due(at: now, atMost: Self.looksAtOnce)
        for key in due {
            do throws(DataplaneError) {
                let ended = departures.look(
                    at: try device.loads(of: key),
                    of: key,
                    in: applied.virtualServers[key],
                    now: now
                )
                guard !ended.isEmpty else { continue }
                report.departed += ended
                touched.virtualServers.insert(key)
            } catch {
                // What cannot be read now may be read later; nothing is lost meanwhile.
                departures.postpone(key, now: now)
            }
        }
        departures.schedule()
    }

    /// Notes who leaves now, and adds to `parts` what was there only for those who have left.
    mutating func noteDepartures(of parts: inout TouchedParts) {
        departures.update(for: parts, from: applied, to: desired, now: now)
        let released = departures.takeReleased()
        if released.contains(where: { retries.contains(.address($0)) }) { rereadAddresses() }
        for address in released where desired.state.addresses[address] == nil {
            parts.addresses.insert(address)
            let set = AddressSet(.addresses, address.family)
            parts.members[set, default: []].insert(.address(address))
        }
    }
}
