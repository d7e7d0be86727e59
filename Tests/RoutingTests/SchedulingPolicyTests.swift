import Routing
import ServiceModel
import Testing

@Suite struct SchedulingPolicyTests {
    struct Request: CustomTestStringConvertible {
        let name: String
        var namespace = "default"
        var annotations: [String: String] = [:]
        let request: SchedulerRequest

        var testDescription: String { name }
    }

    private let policy = SchedulingPolicy(
        global: SchedulerRequest(name: "mh", flags: ["mh-port"]),
        namespaces: [
            "quiet": SchedulerRequest(name: "sh", flags: ["sh-fallback"]),
            "plain": SchedulerRequest(name: "rr"),
        ]
    )

    @Test(arguments: [
        Request(
            name: "the global one",
            request: SchedulerRequest(name: "mh", flags: ["mh-port"])
        ),
        Request(
            name: "that of the namespace",
            namespace: "quiet",
            request: SchedulerRequest(name: "sh", flags: ["sh-fallback"])
        ),
        Request(
            name: "that of the namespace, which leaves its flags open",
            namespace: "plain",
            request: SchedulerRequest(name: "rr")
        ),
        Request(
            name: "its own, with its usual flags",
            annotations: ["scheduler": "lc"],
            request: SchedulerRequest(name: "lc")
        ),
        Request(
            name: "its own rather than that of the namespace",
            namespace: "quiet",
            annotations: ["scheduler": "lc"],
            request: SchedulerRequest(name: "lc")
        ),
        Request(
            name: "its own with flags",
            annotations: ["scheduler": "sh", "scheduler-flags": "sh-port,sh-fallback"],
            request: SchedulerRequest(name: "sh", flags: ["sh-port", "sh-fallback"])
        ),
        Request(
            name: "its own without flags",
            annotations: ["scheduler": "mh", "scheduler-flags": ""],
            request: SchedulerRequest(name: "mh", flags: [])
        ),
        Request(
            name: "the global one with flags of its own",
            annotations: ["scheduler-flags": "mh-fallback"],
            request: SchedulerRequest(name: "mh", flags: ["mh-fallback"])
        ),
        Request(
            name: "that of the namespace with flags of its own",
            namespace: "quiet",
            annotations: ["scheduler-flags": "sh-port"],
            request: SchedulerRequest(name: "sh", flags: ["sh-port"])
        ),
        Request(
            name: "that of the namespace without flags",
            namespace: "quiet",
            annotations: ["scheduler-flags": " , "],
            request: SchedulerRequest(name: "sh", flags: [])
        ),
        Request(
            name: "an empty annotation asks for nothing",
            namespace: "quiet",
            annotations: ["scheduler": ""],
            request: SchedulerRequest(name: "sh", flags: ["sh-fallback"])
        ),
        Request(
            name: "blanks around names do not count",
            annotations: ["scheduler": " \tlc ", "scheduler-flags": " flag-1 ,\tflag-2\t,,"],
            request: SchedulerRequest(name: "lc", flags: ["flag-1", "flag-2"])
        ),
        Request(
            name: "other annotations do not count",
            annotations: ["mode": "ipvs"],
            request: SchedulerRequest(name: "mh", flags: ["mh-port"])
        ),
        Request(
            name: "names are not checked here",
            annotations: ["scheduler": "no such"],
            request: SchedulerRequest(name: "no such")
        ),
    ])
    func asksFor(_ request: Request) {
        let service = Service(
            name: ObjectName(namespace: request.namespace, name: "web"),
            reachability: .headless,
            ports: [],
            annotations: request.annotations
        )
        #expect(policy.request(for: service) == request.request)
    }
}
