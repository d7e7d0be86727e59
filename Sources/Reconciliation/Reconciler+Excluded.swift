import Addressing
import DataplaneModel
import Planning
import Routing
import ServiceModel

// Virtual servers that are not to be taken over.
extension Reconciler where Device: ~Copyable {
    /// Where somebody else has a virtual server, in the ranges that are excluded, at the very place of
    /// this frontend.
    ///
    /// The kernel is asked each time, as nobody says when one comes or goes; what cannot be read
    /// counts as somebody else's.
    mutating func addressesLeftToOthers(
        of frontend: Frontend,
        _ problems: inout [ObjectProblem]
    ) -> Set<IPAddress> {
        guard options.mode == .ipvs, !options.excludedRanges.isEmpty else { return [] }
        var left: Set<IPAddress> = []
        for place in lowering.places(of: frontend.key) {
            guard let range = options.excludedRanges.first(where: { $0.contains(place.address) })
            else { continue }
            let key = VirtualServerKey.address(place, frontend.key.transport)
            guard applied.claims[.virtualServer(key)] == nil, isTaken(key) else { continue }
            left.insert(place.address)
            problems.append(
                ObjectProblem(
                    ObjectReference(.service, frontend.service.service),
                    field: frontend.kind.field,
                    message:
                        "\(place)/\(frontend.key.transport) has a virtual server that Fairlead "
                        + "did not make, in \(range) of ipvs.excludedRanges, so the Service is not "
                        + "served there; remove the virtual server, or the range from the configuration"
                )
            )
        }
        leftToOthers[frontend.key] = left.isEmpty ? nil : left
        return left
    }

    private mutating func isTaken(_ key: VirtualServerKey) -> Bool {
        do throws(DataplaneError) {
            return try device.observe(key) != nil
        } catch {
            return true
        }
    }
}
