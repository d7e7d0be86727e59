import ArgumentParser
import Daemon
import DataplaneModel
import Listing
import ServiceModel
import Settings

struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what would change in the kernel, as commands an operator knows.",
        discussion: """
            Compares what the cluster or the manifests of a directory ask for with what this node's
            kernel holds, and prints the difference as ipvsadm, ip, ipset, iptables and sysctl
            commands, in the order in which the daemon would do it. Nothing is changed. While the
            daemon runs and all is well, nothing is printed.

            Needs root, or the capability CAP_NET_ADMIN.

            EXAMPLES
              fairlead plan --manifests /etc/fairlead/manifests
              fairlead plan --kubeconfig /etc/kubernetes/fairlead.conf --node worker-1
              fairlead plan --config fairlead.yaml
            """
    )

    @OptionGroup var options: ServingOptions

    func run() async throws {
        let configuration = try options.configuration()
        let nodeName = ServingOptions.nodeName(configuration)
        let changes = try await ClusterReading.changes(configuration, nodeName: nodeName)
        let result: NodePlan
        do throws(DataplaneError) {
            result = try NodePlan.make(
                configuration,
                nodeName: nodeName,
                changes: changes
            )
        } catch {
            throw Failure("\(error)")
        }
        for problem in result.problems { Output.remark("\(problem)") }
        try Output.write(
            PlanListing(device: configuration.addresses.device, chains: result.chains)
                .text(of: result.plan)
        )
    }
}
