import ServiceModel
import Testing

@Suite struct ObjectNameTests {
    private let web = ObjectName(namespace: "default", name: "web")

    @Test func readsAsKubectlWritesIt() {
        #expect(web.description == "default/web")
        #expect(ObjectReference(.endpointSlice, web).description == "EndpointSlice default/web")
    }

    @Test func sortsByNamespaceAndThenByName() {
        let names = [("a", "z"), ("b", "a"), ("b", "b"), ("c", "a")].map {
            ObjectName(namespace: $0.0, name: $0.1)
        }
        #expect(names.reversed().sorted() == names)
    }

    @Test func sortsReferencesByKindAndThenByName() {
        let other = ObjectName(namespace: "default", name: "api")
        let references = [
            ObjectReference(.endpointSlice, other), ObjectReference(.endpointSlice, web),
            ObjectReference(.endpoints, other), ObjectReference(.service, other),
        ]
        #expect(
            references.reversed().sorted().map(\.description) == [
                "EndpointSlice default/api", "EndpointSlice default/web", "Endpoints default/api",
                "Service default/api",
            ]
        )
    }

    @Test func problemsNameObjectFieldAndMessage() {
        let service = ObjectReference(.service, web)
        let problem = ObjectProblem(
            service,
            field: "spec.ports[0].port",
            message: "70000 is outside 1…65535"
        )
        #expect(
            problem.description
                == "Service default/web: spec.ports[0].port: 70000 is outside 1…65535"
        )
        #expect(
            ObjectProblem(service, message: "has no spec").description
                == "Service default/web: has no spec"
        )
    }

    @Test func sortsProblemsByObjectFieldAndMessage() {
        let first = ObjectReference(.endpoints, web)
        let second = ObjectReference(.service, web)
        let problems = [
            ObjectProblem(first, field: "z", message: "z"),
            ObjectProblem(second, message: "z"),
            ObjectProblem(second, field: "a", message: "b"),
            ObjectProblem(second, field: "a", message: "c"),
            ObjectProblem(second, field: "b", message: "a"),
        ]
        #expect(problems.reversed().sorted() == problems)
    }
}
