package import Addressing
import DataplaneModel

extension BalancingChains {
    /// What was found of these chains in a kernel.
    package struct Found: Sendable {
        /// As the rules say it, with all virtual servers that packets can come to.
        package let chains: BalancingChains
        /// Chains that are there and are not what `chains` says, or are not there and should be.
        package let deviating: Set<String>

        /// Virtual servers of which every chain on the way is as it should be.
        package var intact: [BalancedServer] {
            chains.servers.values.filter { server in
                chains.path(to: server.key).allSatisfy { !deviating.contains($0) }
            }
        }
    }

    /// Reads the chains of a family out of what `iptables-save` printed.
    package static func read(_ saved: SavedRules, _ family: AddressFamily) -> Found {
        read(saved.balancingRules, family)
    }

    /// The same, of the rules of each chain.
    package static func read(_ present: [String: [String]], _ family: AddressFamily) -> Found {
        var reader = BalancingReader(family: family, present: present)
        reader.follow(root)
        var chains = BalancingChains(family)
        for (key, server) in reader.servers { chains.set(server, for: key) }
        _ = chains.settle()
        let names = Set(present.keys).union(chains.chains.keys)
        return Found(
            chains: chains,
            deviating: names.filter { present[$0] != chains.chains[$0] }
        )
    }
}

extension SavedRules {
    /// The rules of each of the chains that stand in for virtual servers, as `BalancingChains.chains`
    /// has them.
    package var balancingRules: [String: [String]] {
        guard let table = tables[.nat] else { return [:] }
        let names = table.chains.filter(BalancingChains.owns)
        var chains = [String: [String]](minimumCapacity: names.count)
        for name in names { chains[name] = [] }
        // The rules of a chain stand together.
        var rules = table.rules[...]
        while let first = rules.first {
            let chain = first.chain
            let others = rules.drop { $0.chain == chain }
            if BalancingChains.owns(chain) {
                let own = rules[..<others.startIndex].map { String($0.rest) }
                chains[String(chain), default: []] += own
            }
            rules = others
        }
        return chains
    }
}

/// Follows the tree to the virtual servers.
private struct BalancingReader {
    let family: AddressFamily
    let present: [String: [String]]
    var servers: [VirtualServerKey: BalancedServer] = [:]
    private var followed: Set<String> = []

    init(family: AddressFamily, present: [String: [String]]) {
        self.family = family
        self.present = present
    }

    mutating func follow(_ name: String) {
        guard followed.insert(name).inserted else { return }
        for text in present[name] ?? [] {
            switch BalancingRule(text, family) {
            case .member(_, let chain), .address(_, _, _, let chain), .mark(_, _, let chain),
                .ports(_, _, _, let chain):
                follow(chain)
            case .server(let key, let transport, let owner, let chain):
                guard servers[key] == nil else { continue }
                servers[key] = server(key, transport, owner, of: chain)
            case .returning, .balance, nil:
                break
            }
        }
    }

    private func server(
        _ key: VirtualServerKey,
        _ transport: TransportProtocol,
        _ owner: String,
        of chain: String
    ) -> BalancedServer {
        var server = BalancedServer(key: key, transport: transport, owner: owner)
        for text in present[chain] ?? [] {
            switch BalancingRule(text, family) {
            case .returning(_, let memory, let seconds):
                server.persistence = Persistence(
                    timeout: seconds,
                    prefixLength: memory.prefixLength
                )
            case .balance(let share, _, _):
                server.put(RealServer(address: share.endpoint, weight: share.weight))
            default:
                break
            }
        }
        return server
    }
}
