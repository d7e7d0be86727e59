import Addressing
import ScriptedAPI

/// A synthetic cluster as an API server tells it: JSON of the length that real objects have.
struct SyntheticAPI: Sendable {
    let cluster: SyntheticCluster
    /// The version of the first list.
    static let version = 1_000_000

    /// Kubernetes 1.30 without streams of lists.
    func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        switch request.path {
        case "/version": return .document(Array(#"{"major": "1", "minor": "26"}"#.utf8))
        case "/apis/discovery.k8s.io":
            return .document(Array(#"{"kind": "APIGroup", "versions": [{"version": "v1"}]}"#.utf8))
        case _ where request.isWatch: return .stream
        case "/api/v1/services": return page(request) { service($0) }
        case "/apis/discovery.k8s.io/v1/endpointslices":
            return page(request) { slice($0, version: Self.version, changed: nil) }
        case "/api/v1/nodes":
            let list = #"{"metadata": {"resourceVersion": "\#(Self.version)"}, "items": []}"#
            return .document(Array(list.utf8))
        default: return .document([UInt8]("{}".utf8), status: 404)
        }
    }

    private func page(_ request: ScriptedRequest, _ item: (Int) -> String) -> ScriptedAnswer {
        let start = Int(request.query["continue"] ?? "") ?? 0
        let limit = Int(request.query["limit"] ?? "") ?? cluster.services
        let end = min(start + limit, cluster.services)
        let token = end < cluster.services ? #", "continue": "\#(end)""# : ""
        let items = (start..<end).map(item).joined(separator: ",")
        let list =
            #"{"metadata": {"resourceVersion": "\#(Self.version)"\#(token)}, "items": [\#(items)]}"#
        return .document(Array(list.utf8))
    }

    /// What nobody here reads, and a server sends all the same.
    private static func fields(_ manager: String) -> String {
        """
        "managedFields":[{"manager":"\(manager)","operation":"Update","apiVersion":"v1",\
        "time":"2026-11-21T01:26:55Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{\
        "f:annotations":{".":{},"f:endpoints.kubernetes.io/last-change-trigger-time":{}},\
        "f:generateName":{},"f:labels":{".":{},"f:kubernetes.io/service-name":{}},\
        "f:ownerReferences":{".":{},"k:{\\"uid\\":\\"7f1c9f9e-5d2a-4a52-b0a7-1d6c1a1b2c3d\\"}":{}}},\
        "f:ports":{},"f:spec":{"f:clusterIP":{},"f:internalTrafficPolicy":{},"f:selector":{}}}}]
        """
    }

    private func service(_ index: Int) -> String {
        let address = cluster.serviceEndpoint(index).address
        return """
            {"metadata":{"name":"service-\(index)","namespace":"benchmark",\
            "uid":"7f1c9f9e-5d2a-4a52-b0a7-1d6c1a1b2c3d","resourceVersion":"\(index)",\
            "creationTimestamp":"2026-11-21T01:26:55Z",\(Self.fields("kubectl"))},\
            "spec":{"type":"ClusterIP","clusterIP":"\(address)","clusterIPs":["\(address)"],\
            "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","sessionAffinity":"None",\
            "internalTrafficPolicy":"Cluster","selector":{"app":"service-\(index)"},\
            "ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":8080}]},\
            "status":{"loadBalancer":{}}}
            """
    }

    private func slice(_ index: Int, version: Int, changed: SocketEndpoint?) -> String {
        let endpoints = (0..<cluster.endpoints).map { number in
            let address =
                number == 0
                ? changed ?? cluster.podEndpoint(index, 0) : cluster.podEndpoint(index, number)
            return """
                {"addresses":["\(address.address)"],\
                "conditions":{"ready":true,"serving":true,"terminating":false},\
                "targetRef":{"kind":"Pod","namespace":"benchmark","name":"pod-\(index)-\(number)",\
                "uid":"7f1c9f9e-5d2a-4a52-b0a7-1d6c1a1b2c3d"},\
                "nodeName":"node-\(number)","zone":"zone-a"}
                """
        }
        return """
            {"metadata":{"name":"service-\(index)-abcde","namespace":"benchmark",\
            "generateName":"service-\(index)-","uid":"7f1c9f9e-5d2a-4a52-b0a7-1d6c1a1b2c3d",\
            "resourceVersion":"\(version)","generation":1,\
            "creationTimestamp":"2026-11-21T01:26:55Z",\
            "labels":{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io",\
            "kubernetes.io/service-name":"service-\(index)"},\
            \(Self.fields("kube-controller-manager"))},\
            "addressType":"IPv4","endpoints":[\(endpoints.joined(separator: ","))],\
            "ports":[{"name":"http","protocol":"TCP","port":8080}]}
            """
    }

    /// The event by which the first endpoint of a Service becomes another one.
    func event(_ index: Int, version: Int, changed: SocketEndpoint) -> [UInt8] {
        let object = slice(index, version: version, changed: changed)
        return Array(#"{"type":"MODIFIED","object":\#(object)}"#.utf8 + [10])
    }
}
