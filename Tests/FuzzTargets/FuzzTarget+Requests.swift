import ControlSocket
import StatusServer

extension FuzzTarget {
    static let requests = [
        FuzzTarget(
            "request-target",
            seeds: [
                "/explain?source=10.0.0.1&destination=10.96.0.1:80", "/status", "/metrics?name=a",
                "/healthz", "/?a=b&a=c&&=&d=", "*", "http://host/path",
            ].map { Array($0.utf8) },
            inputs: 4000
        ) { input throws(BrokenPromise) in
            let target = text(input)
            let question = ControlServer.Request(target: target)
            try require(
                target.hasPrefix(question.path) && !question.path.contains("?"),
                "the path of \(target) is said to be \(question.path)"
            )
            let page = StatusServer.Request(method: "GET", target: target)
            try require(
                target.hasPrefix(page.path) && !page.path.contains("?"),
                "the path of \(target) is said to be \(page.path)"
            )
        }
    ]
}
