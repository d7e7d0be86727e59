import Addressing
import ArgumentParser
import ControlSocket
import Daemon
import DirectorySource
import Listing
import Logging
import Planning
import Settings
import SystemPackage

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what becomes of a packet: which Service, which endpoints, and why.",
        discussion: """
            Asks the daemon of this node. With --manifests it answers from the manifests in a
            directory instead, for any node that they describe, and needs no daemon and no rights:
            the Node object says the zone and the addresses, the configuration the ranges of pods.

            EXAMPLES
              fairlead explain 10.244.1.2 10.96.0.1:80
              fairlead explain 192.168.50.2 203.0.113.7:53/UDP
              fairlead explain fd00:10:244:1::2 '[fd00:10:96::1]:443'
              fairlead explain 192.168.50.2 192.0.2.10:30080 --manifests . --node worker-1 \\
                  --cluster-cidr 10.244.0.0/16
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Argument(help: "The address of the client.")
    var source: String

    @Argument(
        help: ArgumentHelp(
            "Where the packet goes: ADDRESS:PORT, with /UDP or /SCTP behind it if it is not TCP.",
            valueName: "destination"
        )
    )
    var destination: String

    @Option(
        help: "Where the client is: pod, node or outside; concluded from its address by default."
    )
    var origin: String?

    @Option(help: ArgumentHelp("Answer from the manifests in a directory.", valueName: "directory"))
    var manifests: String?

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp("The node that the packet comes to; this one.", valueName: "name")
    )
    var node: String?

    @Option(
        help: ArgumentHelp(
            "Addresses of that node, besides those of its Node object, separated by commas.",
            valueName: "addresses"
        )
    )
    var nodeAddresses: String?

    @Option(
        help: ArgumentHelp(
            "The address ranges of pods, separated by commas.",
            valueName: "prefixes"
        )
    )
    var clusterCidr: String?

    @Option(name: [.customShort("o"), .long], help: "text or json.")
    var output = Format.text

    @Option(help: ArgumentHelp("Where the daemon keeps its record.", valueName: "directory"))
    var stateDirectory: String?

    func run() async throws {
        let question = try question()
        let configuration = try ConfigurationFile.load(
            config,
            applying: ConfigurationOverrides(
                nodeName: node,
                clusterCIDRs: clusterCidr,
                manifestsDirectory: manifests
            )
        )
        if manifests == nil {
            guard node == nil, clusterCidr == nil, nodeAddresses == nil else {
                throw Failure(
                    "--node, --node-addresses and --cluster-cidr belong to --manifests; the daemon "
                        + "knows its own."
                )
            }
            return try await askDaemon(question, configuration)
        }
        let explanation = try fromManifests(question, configuration)
        try Output.write(
            output == .json
                ? try JSONText.of(MachineExplanation(explanation))
                : ExplanationListing.text(of: explanation)
        )
    }

    private func question() throws -> PacketQuestion {
        let parts = destination.split(separator: "/", maxSplits: 1)
        guard let endpoint = parts.first.flatMap({ SocketEndpoint($0) }) else {
            throw Failure(
                "\"\(destination)\" is not ADDRESS:PORT, such as 10.96.0.1:80 or [fd00::1]:53/UDP."
            )
        }
        let name = parts.count == 2 ? String(parts[1]) : "TCP"
        guard let transport = TransportProtocol(kubernetesName: name.uppercased()) else {
            throw Failure("\"\(name)\" is not TCP, UDP or SCTP.")
        }
        let address: IPAddress
        do throws(AddressError) {
            address = try IPAddress(source)
        } catch {
            throw Failure("\(error)")
        }
        guard address.family == endpoint.address.family else {
            throw Failure("A packet from \(address) cannot go to \(endpoint.address).")
        }
        let place = origin.map { PacketExplanation.Origin(rawValue: $0) }
        if let origin, place == .some(nil) {
            throw Failure("\"\(origin)\" is not pod, node or outside.")
        }
        return PacketQuestion(
            source: address,
            destination: endpoint,
            transport: transport,
            origin: place ?? nil
        )
    }

    private func askDaemon(
        _ question: PacketQuestion,
        _ configuration: FairleadConfiguration
    ) async throws {
        let target =
            "/explain?source=\(question.source)&destination=\(question.destination)"
            + "&protocol=\(question.transport)&output=\(output.rawValue)"
            + (question.origin.map { "&origin=\($0.rawValue)" } ?? "")
        let directory = stateDirectory ?? configuration.stateDirectory
        guard let answer = try await ControlClient.ask(target, stateDirectory: directory) else {
            throw Failure(
                "There is no daemon with its record in \(directory). Start one with \"fairlead "
                    + "run\", or let this command read the manifests itself with --manifests."
            )
        }
        guard answer.status == 200 else {
            let words = answer.text.filter { !$0.isNewline }
            throw Failure(
                "The daemon cannot say: \(words). \"fairlead status\" says how it stands."
            )
        }
        try Output.write(answer.text)
    }

    private func fromManifests(
        _ question: PacketQuestion,
        _ configuration: FairleadConfiguration
    ) throws -> PacketExplanation {
        var addresses: [IPAddress] = []
        for text in nodeAddresses?.split(separator: ",") ?? [] {
            do throws(AddressError) {
                addresses.append(try IPAddress(text))
            } catch {
                throw Failure("--node-addresses: \(error)")
            }
        }
        let changes = try ManifestReading.changes(configuration)
        return OfflineExplanation.explain(
            question,
            configuration,
            nodeName: ServingOptions.nodeName(configuration),
            nodeAddresses: addresses,
            changes: changes
        )
    }
}
