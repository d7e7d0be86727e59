package import Addressing
import DataplaneModel

extension BalancingRule {
    /// Reads what `text` writes; nil for any other rule, whoever wrote it.
    ///
    /// `family` is that of the rules it is among, which a rule for a mark does not show.
    package init?(_ text: String, _ family: AddressFamily) {
        guard let rule = Self.read(text, family), rule.text == text else { return nil }
        self = rule
    }

    private static func read(_ text: String, _ family: AddressFamily) -> BalancingRule? {
        let options = Options(RuleWords.of(text))
        guard let target = options["-j"] else { return nil }
        if target == "DNAT" { return readShare(options) }
        let chain = String(target)
        if let set = options["--match-set"].flatMap({ AddressSet(name: $0) }) {
            return .member(of: set, chain: chain)
        }
        let transport = options["-p"].flatMap { TransportProtocol(kubernetesName: $0.uppercased()) }
        let owner = options["--comment"].map(String.init) ?? ""
        if let mark = options["--mark"] {
            let numbers = mark.split(separator: "/").compactMap { number($0) }
            if numbers.count == 2 { return .mark(numbers[0], mask: numbers[1], chain: chain) }
            guard numbers.count == 1, let transport else { return nil }
            return .server(.firewallMark(numbers[0], family), transport, owner: owner, chain: chain)
        }
        guard let destination = options["-d"]?.split(separator: "/"), destination.count == 2,
            let address = try? IPAddress(destination[0])
        else { return nil }
        guard let transport else {
            guard let mask = try? IPAddress(destination[1]), mask.family == address.family,
                let bits = lastBits(address), let maskBits = lastBits(mask)
            else { return nil }
            return .address(bits, mask: maskBits, address.family, chain: chain)
        }
        let ports = options["--dport"]?.split(separator: ":").compactMap { UInt16($0) } ?? []
        switch ports.count {
        case 1:
            let key = VirtualServerKey.address(SocketEndpoint(address, ports[0]), transport)
            return .server(key, transport, owner: owner, chain: chain)
        case 2 where ports[0] <= ports[1]:
            return .ports(ports[0]...ports[1], transport, of: address, chain: chain)
        default:
            return nil
        }
    }

    private static func readShare(_ options: Options) -> BalancingRule? {
        guard let endpoint = options["--to-destination"].flatMap({ SocketEndpoint($0) }),
            let name = options["-p"],
            let transport = TransportProtocol(kubernetesName: name.uppercased())
        else { return nil }
        let (owner, weight) = remark(options["--comment"] ?? "")
        let share = Share(endpoint: endpoint, transport: transport, owner: owner, weight: weight)
        let list = options["--name"].map(String.init)
        if options.words.contains("--update") {
            guard let list, let seconds = options["--seconds"].flatMap({ UInt32($0) }),
                let length = prefixLength(options["--mask"])
            else { return nil }
            return .returning(share, Memory(list: list, prefixLength: length), seconds: seconds)
        }
        var memory: Memory?
        if let list, let length = prefixLength(options["--mask"]) {
            memory = Memory(list: list, prefixLength: length)
        }
        guard let fraction = options["--probability"] else {
            return .balance(share, parts: nil, memory: memory)
        }
        return parts(fraction).map { .balance(share, parts: $0, memory: memory) }
    }

    /// The Service port and the weight in a comment.
    private static func remark(_ text: Substring) -> (owner: String, weight: Int32) {
        guard text.utf8.contains(UInt8(ascii: " ")) else { return (String(text), 1) }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 2, words[words.count - 2] == "weight",
            let weight = Int32(words[words.count - 1]), weight >= 0
        else { return (String(text), 1) }
        return (words.dropLast(2).joined(separator: " "), weight)
    }

    private static func number(_ text: Substring) -> UInt32? {
        text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : nil
    }

    private static func lastBits(_ address: IPAddress) -> UInt16? {
        address.high == 0 ? UInt16(exactly: address.low) : nil
    }

    private static func prefixLength(_ mask: Substring?) -> UInt8? {
        guard let mask, let address = try? IPAddress(mask) else { return nil }
        return UInt8(address.high.nonzeroBitCount + address.low.nonzeroBitCount)
    }

    /// `0.33333333349` as parts of 2³¹, to the nearest.
    private static func parts(_ fraction: Substring) -> UInt32? {
        guard fraction.utf8.count == 13, fraction.utf8.starts(with: "0.".utf8),
            let number = UInt64(fraction.dropFirst(2))
        else { return nil }
        let scale: UInt64 = 100_000_000_000
        let product = number.multipliedFullWidth(by: UInt64(whole))
        let (quotient, remainder) = scale.dividingFullWidth(product)
        return UInt32(quotient) + (remainder * 2 >= scale ? 1 : 0)
    }
}

/// The words of a rule, each option with what follows it.
private struct Options {
    let words: [Substring]

    init(_ words: [Substring]) { self.words = words }

    /// The word after this one, without its quotation marks.
    subscript(name: String) -> Substring? {
        guard let index = words.firstIndex(where: { $0 == name }), index + 1 < words.count else {
            return nil
        }
        let word = words[index + 1].utf8
        let mark = UInt8(ascii: "\"")
        guard word.count >= 2, word.first == mark, word.last == mark else {
            return words[index + 1]
        }
        return Substring(word.dropFirst().dropLast())
    }
}
