import KubernetesWatch
import ServiceModel
import Testing

@Suite struct CollectionFollowerTests {
    @Test func aListComesInPartsOfTheNewestState() {
        var follower = CollectionFollower(.services, mayStreamLists: false, seed: 1)
        let first = follower.handle(.begin)
        #expect(follower.state == .listing)
        #expect(first.query?["limit"] == "500")
        // Neither an old state nor one from a cache that lags behind.
        #expect(first.query?["resourceVersion"] == nil)
        #expect(
            first.query?["labelSelector"]
                == "!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name"
        )
        let second = follower.handle(
            .page(ListedPage(objects: [object("a")], version: "10", continueToken: "next"))
        )
        #expect(second.query?["continue"] == "next")
        #expect(second.changes == [object("a").change])
        #expect(!second.completesList)
        let last = follower.handle(.page(ListedPage(objects: [object("b")], version: "10")))
        #expect(last.completesList)
        #expect(follower.state == .watching)
        #expect(last.watchesSince == "10")
        #expect(last.query?["allowWatchBookmarks"] == "true")
    }

    @Test func aServerThatCanStreamsTheList() {
        var follower = CollectionFollower(.services, mayStreamLists: true, seed: 1)
        let first = follower.handle(.begin)
        #expect(follower.state == .streaming)
        #expect(first.query?["sendInitialEvents"] == "true")
        #expect(first.query?["resourceVersionMatch"] == "NotOlderThan")
        #expect(follower.handle(.accepted).next == .read)
        let step = follower.handle(.event(.added(object("a"), version: "3")))
        #expect(step.changes == [object("a").change])
        #expect(!step.completesList)
        #expect(
            !follower.handle(.event(.bookmark(version: "9", endsList: false))).completesList
        )
        let end = follower.handle(.event(.bookmark(version: "12", endsList: true)))
        #expect(end.completesList)
        #expect(end.next == .read)
        #expect(follower.state == .watching)
        #expect(follower.handle(.ended(after: .seconds(300))).watchesSince == "12")
    }

    @Test(arguments: [400, 422])
    func aServerThatDoesNotStreamListsIsAskedForParts(code: Int) {
        var follower = CollectionFollower(.services, mayStreamLists: true, seed: 1)
        _ = follower.handle(.begin)
        let step = follower.handle(.refused(APIStatus(code: code, reason: "Invalid")))
        #expect(step.listsNext)
        #expect(step.problem == nil)
        #expect(follower.state == .listing)
        // And so it stays.
        _ = follower.handle(.page(ListedPage(objects: [], version: "5")))
        _ = follower.handle(.refused(APIStatus(code: 410)))
        #expect(follower.handle(.waited).listsNext)
    }

    @Test func aWatchGoesOnFromTheNewestVersionItHasSeen() {
        var follower = CollectionFollower.watching(["a"])
        _ = follower.handle(.event(.modified(object("a", generation: 2), version: "11")))
        #expect(follower.handle(.ended(after: .seconds(60))).watchesSince == "11")
        _ = follower.handle(.event(.bookmark(version: "40", endsList: false)))
        #expect(follower.handle(.ended(after: .seconds(60))).watchesSince == "40")
        _ = follower.handle(.event(.deleted(object("a"), version: "41")))
        #expect(follower.handle(.ended(after: .seconds(60))).watchesSince == "41")
    }

    @Test func eventsBecomeChanges() {
        var follower = CollectionFollower.watching(["a"])
        let added = follower.handle(.event(.added(object("b"), version: "11")))
        #expect(added.changes == [object("b").change])
        let gone = follower.handle(.event(.deleted(refusedObject("a"), version: "12")))
        #expect(gone.changes == [removal("a")])
        #expect(follower.known == [ObjectName(namespace: "default", name: "b")])
    }

    @Test func anOutageRemovesNothingAndTheWatchGoesOnWhereItWas() {
        var follower = CollectionFollower.watching(["a", "b", "c"])
        let cut = FollowFailure(.other, reason: "cut-off", message: "the connection is gone")
        var step = follower.handle(.failed(cut, after: .seconds(50)))
        for _ in 0..<20 {
            #expect(step.changes.isEmpty)
            #expect(step.isWaiting)
            // Whoever cannot be reached has not refused the version.
            #expect(follower.handle(.waited).watchesSince == "10")
            step = follower.handle(.failed(cut, after: .zero))
        }
    }

    @Test func aListAfterAnOutageIsADifference() {
        var follower = CollectionFollower.watching(["a", "b", "c"])
        _ = follower.handle(.refused(APIStatus(code: 410)))
        #expect(follower.handle(.waited).listsNext)
        let step = follower.handle(
            .page(ListedPage(objects: [object("a"), object("d")], version: "90"))
        )
        #expect(
            step.changes
                == [object("a").change, object("d").change, removal("b"), removal("c")]
        )
        #expect(step.completesList)
    }

    static let burdens: [(Int, Bool)] = [
        (401, false), (403, false), (429, false), (503, false), (500, true), (504, true),
        (400, true),
    ]

    /// A list costs the server much, so who is too busy, or does not know us, is not asked for one.
    @Test(arguments: burdens)
    func onlyAServerThatDoesNotTakeTheVersionIsAskedForANewList(code: Int, lists: Bool) {
        var follower = CollectionFollower.watching(["a"])
        var hasListed = false
        for _ in 0..<10 {
            _ = follower.handle(.refused(APIStatus(code: code)))
            if follower.handle(.waited).listsNext { hasListed = true }
        }
        #expect(hasListed == lists)
    }

    /// As load balancers do that have a time-out of half a minute for what is quiet.
    @Test func aQuietWatchThatIsCutAgainAndAgainIsNoProblem() throws {
        var follower = CollectionFollower.watching(["a"])
        let cut = FollowFailure(.other, reason: "cut-off", message: "gone")
        for _ in 0..<20 {
            let step = follower.handle(.failed(cut, after: .seconds(35)))
            #expect(step.problem == nil)
            #expect(try #require(step.waitingTime) <= .milliseconds(500))
            #expect(follower.handle(.waited).watchesSince == "10")
            #expect(!follower.handle(.accepted).isRecovered)
        }
    }

    @Test func listsThatAreBegunAsStreamsAndNeverEndComeInPartsThen() {
        var follower = CollectionFollower(.services, mayStreamLists: true, seed: 1)
        var step = follower.handle(.begin)
        for _ in 0..<2 {
            #expect(step.query?["sendInitialEvents"] == "true")
            _ = follower.handle(.accepted)
            _ = follower.handle(.event(.added(object("a"), version: "3")))
            #expect(follower.handle(.ended(after: .seconds(300))).isWaiting)
            step = follower.handle(.waited)
        }
        #expect(step.listsNext)
    }

    @Test(arguments: [500, 501, 405])
    func aServerThatRefusesStreamsInItsOwnWayIsAskedForParts(code: Int) {
        var follower = CollectionFollower(.services, mayStreamLists: true, seed: 1)
        _ = follower.handle(.begin)
        for _ in 0..<2 {
            #expect(follower.handle(.refused(APIStatus(code: code))).isWaiting)
            _ = follower.handle(.waited)
        }
        #expect(follower.state == .listing)
    }

    @Test func versionsThatExpireBehindStreamedListsAreAskedForLessAndLessToo() throws {
        var follower = CollectionFollower(.services, mayStreamLists: true, seed: 1)
        _ = follower.handle(.begin)
        var waits: [Duration] = []
        for _ in 0..<9 {
            _ = follower.handle(.accepted)
            _ = follower.handle(.event(.added(object("a"), version: "3")))
            _ = follower.handle(.event(.bookmark(version: "9", endsList: true)))
            let step = follower.handle(.refused(APIStatus(code: 410)))
            waits.append(try #require(step.waitingTime))
            _ = follower.handle(.waited)
        }
        #expect(waits[8] > .seconds(10))
    }

    @Test func aServerThatCannotBeReachedIsStillAskedForStreams() {
        var follower = CollectionFollower(.services, mayStreamLists: true, seed: 1)
        _ = follower.handle(.begin)
        let cut = FollowFailure(.other, reason: "unreachable", message: "refused")
        for _ in 0..<10 {
            _ = follower.handle(.failed(cut, after: .zero))
            #expect(follower.handle(.waited).query?["sendInitialEvents"] == "true")
        }
    }

    @Test(arguments: [true, false])
    func anExpiredVersionMeansANewListWithinTwoSeconds(hasHeard: Bool) throws {
        var follower = CollectionFollower.watching(["a"])
        if hasHeard {
            _ = follower.handle(.event(.modified(object("a"), version: "11")))
        }
        let step = follower.handle(.refused(APIStatus(code: 410, reason: "Expired")))
        #expect(try #require(step.waitingTime) < .seconds(2))
        #expect(step.problem == nil)
        #expect(follower.handle(.waited).listsNext)
        #expect(follower.activity.failures == ["410": 1])
    }

    @Test func versionsThatExpireAgainAndAgainAreAskedForLessAndLess() {
        var follower = CollectionFollower.watching(["a"])
        let expired = FollowInput.refused(APIStatus(code: 410, reason: "Expired"))
        _ = follower.handle(expired)
        #expect(follower.handle(.waited).listsNext)
        var waits: [Duration] = []
        for _ in 0..<8 {
            _ = follower.handle(.page(ListedPage(objects: [object("a")], version: "20")))
            if let time = follower.handle(expired).waitingTime { waits.append(time) }
            #expect(follower.handle(.waited).listsNext)
        }
        #expect(waits.count == 8)
        #expect(waits[7] > waits[0] * 8)
    }

    @Test func aPartWhoseTokenExpiredStartsTheListAgainAndThenWithoutParts() {
        var follower = CollectionFollower(.services, mayStreamLists: false, seed: 1)
        _ = follower.handle(.begin)
        for round in 1...2 {
            let page = ListedPage(objects: [object("a")], version: "1", continueToken: "t")
            _ = follower.handle(.page(page))
            #expect(follower.handle(.refused(APIStatus(code: 410))).isWaiting)
            let again = follower.handle(.waited)
            #expect(again.listsNext)
            #expect(again.query?["continue"] == nil)
            #expect(again.query?["limit"] == (round == 1 ? "500" : nil))
        }
    }

    @Test func aPartThatFailedIsAskedForAgain() {
        var follower = CollectionFollower(.services, mayStreamLists: false, seed: 1)
        _ = follower.handle(.begin)
        let page = ListedPage(objects: [object("a")], version: "1", continueToken: "t")
        _ = follower.handle(.page(page))
        #expect(follower.handle(.refused(APIStatus(code: 500))).isWaiting)
        #expect(follower.handle(.waited).query?["continue"] == "t")
    }

    static let refusals: [(APIStatus, WatchedResource, [String])] = [
        (
            APIStatus(code: 403, message: "services is forbidden: User \"x\" cannot watch"),
            .services,
            [
                "(403)", "User \"x\"",
                "grant the verbs list and watch on the resource \"services\"",
                "API group \"\"",
            ]
        ),
        (APIStatus(code: 401), .services, ["(401)", "token or certificate", "expired"]),
        (APIStatus(code: 404), .services, ["has no services of v1"]),
        (APIStatus(code: 503, message: "no leader\nyet"), .services, ["(503): no leader yet"]),
        (
            APIStatus(code: 403), .endpointSlices("v1"),
            ["resource \"endpointslices\" in the API group \"discovery.k8s.io\""]
        ),
    ]

    @Test(arguments: refusals)
    func aRefusalSaysWhatWouldHelp(
        status: APIStatus,
        resource: WatchedResource,
        words: [String]
    ) throws {
        var follower = CollectionFollower(resource, mayStreamLists: false, seed: 1)
        _ = follower.handle(.begin)
        let step = follower.handle(.refused(status))
        let problem = try #require(step.problem)
        for word in words { #expect(problem.message.contains(word), "\(problem)") }
        #expect(step.isWaiting)
        // It is the same subject the next time, whatever the words are then.
        _ = follower.handle(.waited)
        let again = APIStatus(code: status.code, message: "in other words")
        #expect(follower.handle(.refused(again)).problem?.subject == problem.subject)
        // And so is once that it is over.
        _ = follower.handle(.waited)
        #expect(follower.handle(.page(ListedPage(objects: [], version: "1"))).isRecovered)
        #expect(!follower.handle(.accepted).isRecovered)
    }

    @Test(arguments: [
        (WatchedResource.endpointSlices("v1"), true), (.endpoints, true), (.services, false),
    ])
    func onlyForEndpointsThereIsAnotherResource(resource: WatchedResource, isOptional: Bool) {
        var follower = CollectionFollower(resource, mayStreamLists: false, seed: 1)
        _ = follower.handle(.begin)
        let step = follower.handle(.refused(APIStatus(code: 404)))
        #expect((step.next == .rediscover) == isOptional)
    }

    @Test func theServerIsLeftAloneAsLongAsItWants() throws {
        var follower = CollectionFollower(.services, mayStreamLists: false, seed: 1)
        _ = follower.handle(.begin)
        let busy = APIStatus(code: 429, retryAfter: .seconds(17))
        #expect(try #require(follower.handle(.refused(busy)).waitingTime) >= .seconds(17))
        _ = follower.handle(.waited)
        let endless = APIStatus(code: 429, retryAfter: .seconds(1_000_000))
        #expect(try #require(follower.handle(.refused(endless)).waitingTime) <= .seconds(120))
    }

    @Test func waitsGrowToHalfAMinuteAndDiffer() throws {
        func waits(seed: UInt64) throws -> [Duration] {
            var follower = CollectionFollower(.services, mayStreamLists: false, seed: seed)
            _ = follower.handle(.begin)
            return try (0..<12).map { _ in
                let step = follower.handle(.refused(APIStatus(code: 500)))
                _ = follower.handle(.waited)
                return try #require(step.waitingTime)
            }
        }
        let (first, second) = (try waits(seed: 1), try waits(seed: 2))
        #expect(first != second)
        for (index, time) in first.enumerated() {
            let whole = min(Duration.milliseconds(500) * (1 << index), .seconds(30))
            #expect(time >= whole / 2 && time <= whole)
        }
    }

    @Test func aServerThatCannotBeReachedIsLookedForEveryTenSeconds() throws {
        var follower = CollectionFollower.watching(["a"])
        let cut = FollowFailure(.other, reason: "unreachable", message: "connection refused")
        var times: [Duration] = []
        for _ in 0..<12 {
            times.append(
                try #require(follower.handle(.failed(cut, after: .zero)).waitingTime)
            )
            _ = follower.handle(.waited)
        }
        #expect(times.allSatisfy { $0 <= .seconds(10) })
        #expect(try #require(times.last) >= .seconds(5))
    }

    @Test func aWatchThatLastedMakesUpForEarlierFailures() throws {
        var follower = CollectionFollower.watching(["a"])
        let cut = FollowFailure(.other, reason: "cut-off", message: "gone")
        for _ in 0..<6 {
            _ = follower.handle(.failed(cut, after: .seconds(2)))
            _ = follower.handle(.waited)
            _ = follower.handle(.event(.bookmark(version: "11", endsList: false)))
        }
        let step = follower.handle(.failed(cut, after: .seconds(60)))
        #expect(try #require(step.waitingTime) <= .milliseconds(500))
    }

    @Test func aStalledWatchIsAskedForAgainAtOnceAndIsNoProblem() {
        var follower = CollectionFollower.watching(["a"])
        let stall = FollowFailure(.stalled, reason: "stalled", message: "nothing comes")
        let step = follower.handle(.failed(stall, after: .seconds(120)))
        #expect(step.watchesSince == "10")
        #expect(step.problem == nil)
    }

    @Test func whatCannotBeReadIsMadeGoodByANewList() {
        var follower = CollectionFollower.watching(["a"])
        let malformed = FollowFailure(.malformed, reason: "malformed", message: "is not JSON")
        #expect(follower.handle(.failed(malformed, after: .seconds(60))).isWaiting)
        #expect(follower.handle(.waited).listsNext)
    }

    @Test func aWatchThatEndsAtOnceIsAskedForLessAndLess() {
        var follower = CollectionFollower.watching(["a"])
        let step = follower.handle(.ended(after: .milliseconds(3)))
        #expect(step.isWaiting)
        #expect(step.problem != nil)
    }

    @Test func dataThatWereRestoredToAnEarlierTimeAreReadAnew() {
        var follower = CollectionFollower.watching(["a"])
        let status = APIStatus(
            code: 504,
            reason: "Timeout",
            message: "Too large resource version: 10, current: 4"
        )
        #expect(follower.handle(.refused(status)).isWaiting)
        #expect(follower.handle(.waited).listsNext)
    }

    @Test func whatCannotBeUnderstoodStaysAsItWasAndIsKnown() {
        var follower = CollectionFollower.watching(["a", "b"])
        #expect(follower.isWhole)
        #expect(
            follower.handle(.event(.modified(refusedObject("a"), version: "11"))).changes.isEmpty
        )
        #expect(!follower.isWhole)
        // A list in which it is still there, and still wrong, does not remove it either.
        _ = follower.handle(.refused(APIStatus(code: 410)))
        _ = follower.handle(.waited)
        let page = ListedPage(objects: [refusedObject("a"), object("b")], version: "12")
        #expect(follower.handle(.page(page)).changes == [object("b").change])
        #expect(!follower.isWhole)
        #expect(
            follower.handle(.event(.deleted(refusedObject("a"), version: "13"))).changes
                == [removal("a")]
        )
        #expect(follower.isWhole)
    }

    @Test func anItemWithoutANameMayBeAnyOfThoseThatAreMissing() {
        var follower = CollectionFollower.watching(["a", "b"])
        _ = follower.handle(.refused(APIStatus(code: 410)))
        _ = follower.handle(.waited)
        let page = ListedPage(objects: [object("b")], unnamed: 1, version: "12")
        #expect(follower.handle(.page(page)).changes == [object("b").change])
        #expect(!follower.isWhole)
        _ = follower.handle(.refused(APIStatus(code: 410)))
        _ = follower.handle(.waited)
        let whole = ListedPage(objects: [object("b")], version: "14")
        #expect(follower.handle(.page(whole)).changes == [object("b").change, removal("a")])
        #expect(follower.isWhole)
    }

    @Test func aListThatNeverEndsIsGivenUp() {
        var follower = CollectionFollower(.services, mayStreamLists: false, seed: 1)
        _ = follower.handle(.begin)
        var pages = 0
        while pages < 100 {
            let step = follower.handle(
                .page(ListedPage(objects: [], version: "1", continueToken: "more"))
            )
            pages += 1
            if step.isWaiting {
                #expect(step.problem?.message.contains("does not end") == true)
                break
            }
        }
        #expect(pages < 20)
    }

    @Test func aListWithoutAVersionIsNotUsedForAWatch() {
        var follower = CollectionFollower(.services, mayStreamLists: false, seed: 1)
        _ = follower.handle(.begin)
        let step = follower.handle(.page(ListedPage(objects: [object("a")], version: "")))
        #expect(step.isWaiting)
        #expect(!step.completesList)
    }

    @Test func whatASuccessorDoesNotFindIsRemoved() {
        let before = CollectionFollower.watching(["a", "b"])
        var follower = CollectionFollower(
            .services,
            mayStreamLists: false,
            known: before.known,
            seed: 1
        )
        _ = follower.handle(.begin)
        let step = follower.handle(.page(ListedPage(objects: [object("b")], version: "1")))
        #expect(step.changes == [object("b").change, removal("a")])
    }
}
