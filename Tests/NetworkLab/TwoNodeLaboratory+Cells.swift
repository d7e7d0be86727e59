package import Addressing
package import PacketMatrix

extension TwoNodeLaboratory {
    /// Sends a request to an endpoint itself, without any Service.
    package func reach(
        _ name: EndpointName,
        from client: Vantage,
        _ family: AddressFamily,
        timeout: Duration = .seconds(3)
    ) throws -> Observation {
        try namespace(of: client).perform {
            Attempt.request(
                to: SocketEndpoint(name.address(family), name.port),
                .tcp,
                from: client == .node ? nil : client.address(family),
                timeout: timeout
            )
        }
    }

    /// Lets all who will talk to each other find each other's hardware addresses, which takes up to a
    /// second after the devices have come up.
    ///
    /// - Throws: `LabError` when an endpoint does not answer.
    func meetNeighbours() throws {
        for family in AddressFamily.allCases {
            for client in Vantage.allCases {
                for name in EndpointName.allCases where name.isNear || !client.isOutside {
                    let observation = try reach(name, from: client, family)
                    guard case .answered = observation else {
                        throw LabError("\(client) does not reach \(name): \(observation)")
                    }
                }
            }
        }
    }

    /// Sends what a cell says, as its client.
    ///
    /// All neighbours know each other, so an answer takes milliseconds; the wait for one allows for a
    /// packet that is sent again after a second.
    package func observe(_ cell: Cell) throws -> [Observation] {
        let isSilent = cell.promise == .timedOut || cell.promise == .passedOn
        let timeout: Duration = isSilent ? .milliseconds(400) : .seconds(3)
        // The node's own choice of a source is under test.
        let source = cell.client == .node ? nil : cell.client.address(cell.family)
        return try namespace(of: cell.client).perform {
            func request() -> Observation {
                Attempt.request(
                    to: cell.destination,
                    cell.transport,
                    from: source,
                    timeout: timeout
                )
            }
            switch cell.knock {
            case .once, .atHostPort:
                return [request()]
            case .ping:
                return [Ping.request(to: cell.destination.address, from: source, timeout: timeout)]
            case .expectingOneEndpoint(let requests):
                return Self.requests(atMost: requests, of: cell, until: .max, request)
            case .untilAllHaveAnswered:
                guard case .answered(let names, _) = cell.promise else { return [request()] }
                // Of four endpoints drawn at random, one is missed by 60 draws once in 8 million
                // times.
                return Self.requests(
                    atMost: 15 * names.count,
                    of: cell,
                    until: names.count,
                    request
                )
            }
        }
    }

    /// Requests until so many have answered, or one went wrong: more would only cost time.
    private static func requests(
        atMost count: Int,
        of cell: Cell,
        until names: Int,
        _ request: () -> Observation
    ) -> [Observation] {
        var observations: [Observation] = []
        var met: Set<String> = []
        while observations.count < count, met.count < names {
            let observation = request()
            observations.append(observation)
            guard cell.promise.allows(observation, from: cell.client, cell.family) else { break }
            if case .answered(let name, _) = observation { met.insert(name) }
        }
        return observations
    }
}
