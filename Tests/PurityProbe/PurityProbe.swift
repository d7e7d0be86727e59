import Addressing
import DataplaneModel
import KubeProxyLeftovers
import Iptables
import KubernetesWatch
import Listing
import Measurements
import NodeChecks
import OwnRemains
import Planning
import Reconciliation
import Routing
import ServiceModel
import YAMLText

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
            listing.columns,
            LeftoverListing.commands(of: Leftovers(on: ObservedNode())),
            RemainsListing.commands(of: Remains(on: ObservedRemains())),
            KernelVersion(release: "6.1.0") ?? KernelVersion(0, 0),
            BalancingChains(.ipv4).chains,
            CollectionFollower(.services, mayStreamLists: true, seed: 1).state,
            Exposition().seriesCount,
            AliasExpansion.limit
        )
    }
}
