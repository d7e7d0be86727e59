import Addressing
import DataplaneModel
import Listing
import Planning
import Reconciliation
import Routing
import ServiceModel

/// A program of the pure targets alone: what it is linked against shows whether they are pure.
@main
struct PurityProbe {
    static func main() {
        var table = ServiceTable()
        table.apply(.serviceRemoved(ObjectName(namespace: "default", name: "none"))) { print($0) }
        let plan = IPVSState().plan(
            to: DesiredIPVSState().state,
            touching: .everything(of: IPVSState(), and: IPVSState())
        )
        let listing = TableListing(names: NumericNames())
        print(
            RouteTable().count,
            RetrySchedule(initial: .zero, maximum: .zero).count,
            plan.operations.count,
            AddressFamily.ipv4,
            listing.columns
        )
    }
}
