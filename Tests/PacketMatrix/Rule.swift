import Addressing

/// A documented promise, in our words, and where it is documented.
package struct Rule: Hashable, Sendable {
    package let statement: String
    /// A page below kubernetes.io/docs, a KEP, or a mode of kube-proxy whose behaviour it is.
    package let source: String
    package let scope: Scope

    init(_ statement: String, source: String, scope: Scope = .everyProxy) {
        self.statement = statement
        self.source = source
        self.scope = scope
    }
}

/// A rule and the rows of the table that follow from it.
struct Section {
    let rule: Rule
    let rows: [Row]

    init(_ statement: String, source: String, scope: Scope = .everyProxy, _ rows: [Row]) {
        rule = Rule(statement, source: source, scope: scope)
        self.rows = rows
    }

    var cells: [Cell] { rows.flatMap { $0.cells(rule) } }
}

/// Cells that differ only in client, address, family or protocol and have one outcome.
struct Row {
    let scenario: Scenario
    let clients: [Vantage]
    let doors: [Door]
    let transports: [TransportProtocol]
    /// Nil for those of the Service.
    let families: [AddressFamily]?
    let knock: Knock
    let promise: Promise

    init(
        _ scenario: Scenario,
        from clients: [Vantage],
        to doors: [Door],
        over transports: [TransportProtocol] = [.tcp],
        families: [AddressFamily]? = nil,
        knocking knock: Knock = .once,
        _ promise: Promise
    ) {
        self.scenario = scenario
        self.clients = clients
        self.doors = doors
        self.transports = transports
        self.families = families
        self.knock = knock
        self.promise = promise
    }

    func cells(_ rule: Rule) -> [Cell] {
        var cells: [Cell] = []
        for client in clients {
            for door in doors {
                for family in families ?? scenario.families {
                    for transport in transports {
                        cells.append(
                            Cell(
                                rule: rule,
                                scenario: scenario,
                                client: client,
                                door: door,
                                family: family,
                                transport: transport,
                                knock: knock,
                                promise: promise
                            )
                        )
                    }
                }
            }
        }
        return cells
    }
}

extension Promise {
    /// A row reads `.by(.near1, .far1, seeing: .client)`.
    static func by(_ names: EndpointName..., seeing source: SeenSource) -> Promise {
        .answered(by: Set(names), source: source)
    }
}

extension [Door] {
    /// What clients outside the cluster use.
    static var external: [Door] { [.nodePort, .secondNodePort, .externalIP, .loadBalancerIP] }
    static var nodePorts: [Door] { [.nodePort, .secondNodePort] }
}

extension [TransportProtocol] {
    static var all: [TransportProtocol] { TransportProtocol.allCases }
}
