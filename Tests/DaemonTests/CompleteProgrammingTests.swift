import Listing
import Testing

@testable import Daemon

struct CompleteProgrammingTests {
    @Test(arguments: [
        (1, 7, 0, "7 virtual servers for 1 Service; nothing follows their changes"),
        (2, 1, 0, "1 virtual server for 2 Services; nothing follows their changes"),
        (
            1, 7, 2,
            "7 virtual servers for 1 Service; nothing follows their changes; what leaves (2 real "
                + "servers) keeps its connections until the next run ends them"
        ),
    ])
    func whatHasBeenProgrammedIsCounted(
        services: Int,
        virtualServers: Int,
        draining: Int,
        words: String
    ) {
        var status = NodeStatus(node: "node-a")
        status.services = services
        status.virtualServers = virtualServers
        status.draining = draining
        #expect(
            CompleteProgramming(status: status).description == "programmed everything: \(words)"
        )
    }
}
