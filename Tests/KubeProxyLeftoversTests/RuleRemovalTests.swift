import KubeProxyLeftovers
import TestSupport
import Testing

struct RuleRemovalTests {
    private static func leftovers(of text: String) -> Leftovers {
        var node = ObservedNode()
        node.rules["iptables-legacy"] = RuleListing(text)
        return Leftovers(on: node)
    }

    private static func removals(_ leftovers: Leftovers) -> [RuleRemoval] {
        leftovers.steps.compactMap { step in
            if case .removeRules(let removal) = step { removal } else { nil }
        }
    }

    @Test(arguments: SavedNode.all)
    func whatIsLeftIsExactlyWhatOthersMade(_ node: SavedNode) throws {
        var kernel = RuleKernel(node.saved)
        let leftovers = Self.leftovers(of: node.saved)
        for removal in Self.removals(leftovers) { try kernel.restore(removal.restoreInput) }
        #expect(kernel.text == node.foreign)
        #expect(leftovers.remarks.isEmpty)
        #expect(Self.leftovers(of: kernel.text).isEmpty)
    }

    @Test func theTransactionIsReadableAndComplete() {
        let removals = Self.removals(Self.leftovers(of: SavedNode.ipvsUntil124.saved))
        #expect(
            removals.map(\.restoreInput) == [
                """
                *nat
                :KUBE-FIREWALL - [0:0]
                :KUBE-LOAD-BALANCER - [0:0]
                :KUBE-SERVICES - [0:0]
                -D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
                -X KUBE-FIREWALL
                -X KUBE-LOAD-BALANCER
                -X KUBE-SERVICES
                COMMIT

                """
            ]
        )
    }

    @Test(arguments: [
        "-A CNI-HOSTPORT-SETMARK -m comment --comment \"CNI portfwd masquerade mark\" -j KUBE-MARK-MASQ",
        "-A KUBE-HP-2J3TDBCJBD2D4LQT -s 10.244.0.9/32 -g KUBE-MARK-MASQ",
        "-A PREROUTING -s 192.0.2.1/32 -j KUBE-MARK-MASQ",
        "-A PREROUTING -m conntrack --ctstate RELATED -j KUBE-MARK-MASQ",
        "-A PREROUTING ! -i eth0 -j KUBE-MARK-MASQ",
    ])
    func aChainThatSomebodyElseCallsIsEmptiedAndStays(_ call: String) throws {
        let chain = call.split(separator: " ")[1]
        let text = """
            *nat
            :PREROUTING ACCEPT [0:0]
            :\(chain) - [0:0]
            :KUBE-MARK-MASQ - [0:0]
            :KUBE-SERVICES - [0:0]
            -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
            \(call)
            -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
            -A KUBE-SERVICES -j KUBE-MARK-MASQ
            COMMIT
            """
        let leftovers = Self.leftovers(of: text)
        #expect(leftovers.remarks.count == 1)
        #expect(leftovers.remarks.first?.contains("KUBE-MARK-MASQ") ?? false)
        #expect(leftovers.remarks.first?.hasSuffix(call) ?? false)
        var kernel = RuleKernel(text)
        for removal in Self.removals(leftovers) { try kernel.restore(removal.restoreInput) }
        #expect(
            kernel.text == """
                *nat
                :PREROUTING ACCEPT [0:0]
                :\(chain) - [0:0]
                :KUBE-MARK-MASQ - [0:0]
                \(call)
                COMMIT
                """
        )
        // Nothing more can be done about it, and so a second time nothing is.
        #expect(Self.leftovers(of: kernel.text).isEmpty)
        #expect(Self.leftovers(of: kernel.text).remarks == leftovers.remarks)
    }

    @Test func whateverStandsBetweenWhateverOnlyKubeProxysGoes() throws {
        var generator = SeededGenerator(seed: 31)
        for _ in 0..<300 {
            let node = Self.randomNode(&generator)
            var kernel = RuleKernel(node.saved)
            for removal in Self.removals(Self.leftovers(of: node.saved)) {
                try kernel.restore(removal.restoreInput)
            }
            #expect(kernel.text == node.foreign, "\(node.saved)")
            #expect(Self.leftovers(of: kernel.text).isEmpty)
        }
    }

    /// Chains and rules of everybody, in any order; kube-proxy's and others' are not tied together.
    private static func randomNode(_ generator: inout SeededGenerator) -> SavedNode {
        let hooks = ["PREROUTING", "OUTPUT", "POSTROUTING"]
        let proxy = [
            "KUBE-SERVICES", "KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-SVC-TCOU7JCQXEZGVUNU",
            "KUBE-SEP-YIL6JZP7A3QYXJU2", "KUBE-FIREWALL",
        ].shuffled(using: &generator).prefix(Int.random(in: 1...6, using: &generator))
        let others = ["KUBE-MARK-DROP", "KUBE-ROUTER-INPUT", "cali-nat-OUTPUT", "CILIUM_PRE_nat"]
        var lines: [String] = ["*nat"]
        lines += hooks.map { "+:\($0) ACCEPT [0:0]" }
        lines += (proxy.map { ":\($0) - [0:0]" } + others.map { "+:\($0) - [0:0]" })
            .shuffled(using: &generator)
        for _ in 0..<Int.random(in: 0...30, using: &generator) {
            let hook = generator.pick(hooks)
            let chain = generator.pick(Array(proxy))
            let target = generator.pick(Array(proxy))
            let other = generator.pick(others)
            lines.append(
                generator.pick([
                    "-A \(hook) -m comment --comment \"kubernetes \(chain)\" -j \(chain)",
                    "-A \(hook) -m conntrack --ctstate NEW -j \(chain)",
                    "-A \(chain) -m set --match-set KUBE-CLUSTER-IP dst,dst -j \(target)",
                    "-A \(chain) -j \(other)",
                    "+-A \(hook) -m comment --comment \"-j \(chain)\" -j \(other)",
                    "+-A \(hook) -p tcp -m tcp --dport 9 -j ACCEPT",
                    "+-A \(other) -s 192.0.2.0/24 -j RETURN",
                ])
            )
        }
        return SavedNode("random", lines.joined(separator: "\n") + "\nCOMMIT")
    }
}
