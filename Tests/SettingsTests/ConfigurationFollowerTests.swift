import Settings
import Testing

@Suite struct ConfigurationFollowerTests {
    private func follower() throws -> ConfigurationFollower {
        ConfigurationFollower(running: try load("mode: ipvs")) {
            text throws(ConfigurationErrors) in
            LoadedConfiguration(try load(text))
        }
    }

    @Test func aFileThatStaysIsNothingNew() throws {
        var follower = try follower()
        for _ in 0..<4 { #expect(follower.look(at: "mode: ipvs") == .nothingNew) }
    }

    @Test func aTextIsJudgedWhenItStaysAndOnce() throws {
        var follower = try follower()
        for text in ["mode: ipvs", "mode: ipvs", "mode: i", "mode: iptables"] {
            #expect(follower.look(at: text) == .nothingNew)
        }
        let other = LoadedConfiguration(try load("mode: iptables"))
        #expect(follower.look(at: "mode: iptables") == .other(other))
        #expect(follower.look(at: "mode: iptables") == .nothingNew)
    }

    @Test func anotherTextWithTheSameMeaningIsNoReasonToStartAnew() throws {
        var follower = try follower()
        for _ in 0..<2 { #expect(follower.look(at: "mode: ipvs") == .nothingNew) }
        #expect(follower.look(at: "# as before\nmode: ipvs") == .nothingNew)
        #expect(follower.look(at: "# as before\nmode: ipvs") == .sameConfiguration)
    }

    @Test func aWrongTextIsToldOnceAndThenForgotten() throws {
        var follower = try follower()
        #expect(follower.look(at: "mode: x") == .nothingNew)
        guard case .wrong(let errors) = follower.look(at: "mode: x") else {
            Issue.record("it is wrong")
            return
        }
        #expect(errors.problems.map(\.path) == ["mode"])
        #expect(follower.look(at: "mode: x") == .nothingNew)
        #expect(follower.look(at: "mode: auto") == .nothingNew)
        #expect(
            follower.look(at: "mode: auto") == .other(LoadedConfiguration(try load("mode: auto")))
        )
    }

    @Test func aFileThatIsGoneIsToldAndDoesNotCount() throws {
        var follower = try follower()
        for _ in 0..<2 { #expect(follower.look(at: "mode: ipvs") == .nothingNew) }
        #expect(follower.look(at: nil) == .nothingNew)
        #expect(follower.look(at: nil) == .gone)
        #expect(follower.look(at: nil) == .nothingNew)
        #expect(follower.look(at: "mode: ipvs") == .nothingNew)
        #expect(follower.look(at: "mode: ipvs") == .sameConfiguration)
    }

    @Test func aChangeBeforeTheFirstLookIsSeenToo() throws {
        var follower = try follower()
        #expect(follower.look(at: "mode: auto") == .nothingNew)
        #expect(
            follower.look(at: "mode: auto") == .other(LoadedConfiguration(try load("mode: auto")))
        )
    }
}
