/// What was measured at one size, each figure the median of several runs.
struct Measurement: Encodable {
    let services: Int
    let endpointsPerService: Int
    /// Seconds for the messages of IPVS alone, encoded beforehand, in batches.
    var floor = 0.0
    /// Seconds from decoded objects to the last thing in the kernel: virtual and real servers, address
    /// sets, rules, addresses, the record.
    var cold = 0.0
    /// Seconds of that for what is there without any Service too: the packet filter's rules, which
    /// programs have to be started for, and the empty sets.
    var rules = 0.0
    /// Seconds of `ipvsadm -R` for the virtual and real servers alone; nil where it is not installed.
    var ipvsadmRestore: Double?
    /// Seconds in the process for one endpoint that comes or goes.
    var change = 0.0
    /// System calls on netlink sockets for that.
    var changeSystemCalls = 0
    /// Seconds to see that one has left that had no connections, and to remove it.
    var departure = 0.0
    /// Seconds to read everything back when the daemon starts again.
    var observation = 0.0
    /// Seconds from then until it is known that nothing has to be written.
    var restart = 0.0
    /// Seconds to read the kernel at a glance, and to compare it with what there should be.
    var audit = 0.0
    /// Operations that a restart with nothing changed, and an audit after it, wrote.
    var restartOperations = 0
    /// Seconds from the question for the metrics of virtual and real servers to their text, with the
    /// usual bound on series: the kernel's counters are read for it.
    var scrape = 0.0
    /// Seconds of that for reading the kernel.
    var scrapeReading = 0.0
    var scrapeBytes = 0
    var scrapeSeries = 0
    /// The same without a bound.
    var wholeScrape = 0.0
    var wholeScrapeBytes = 0
    var wholeScrapeSeries = 0
    /// The same without the real servers.
    var shortScrape = 0.0
    /// Bytes resident when everything is programmed, and at the peak.
    var resident = 0
    var residentPeak = 0

    var coldToFloor: Double { cold / floor }
    var ipvsadmToCold: Double? { ipvsadmRestore.map { $0 / cold } }

    var figures: [Figure] {
        [
            Figure("floor: raw batched messages", .seconds(floor)),
            Figure("fairlead: objects to kernel", .seconds(cold)),
            Figure("  rules and no Service", .seconds(rules)),
            Figure(
                "ipvsadm -R",
                ipvsadmRestore.map { .seconds($0) } ?? .missing("not installed")
            ),
            Figure("  fairlead / floor", .ratio(coldToFloor)),
            Figure("  ipvsadm / fairlead", ipvsadmToCold.map { .ratio($0) } ?? .missing("-")),
            Figure("one changed endpoint", .seconds(change)),
            Figure("  system calls", .count(changeSystemCalls)),
            Figure("  one that has left", .seconds(departure)),
            Figure("restart: reading the kernel", .seconds(observation)),
            Figure("restart: nothing changed", .seconds(restart)),
            Figure("audit: nothing changed", .seconds(audit)),
            Figure("  operations written", .count(restartOperations)),
            Figure("one scrape of the metrics", .seconds(scrape)),
            Figure("  reading the kernel", .seconds(scrapeReading)),
            Figure("  series", .count(scrapeSeries)),
            Figure("  text", .bytes(scrapeBytes)),
            Figure("  all real servers", .seconds(wholeScrape)),
            Figure("    series", .count(wholeScrapeSeries)),
            Figure("    text", .bytes(wholeScrapeBytes)),
            Figure("  without real servers", .seconds(shortScrape)),
            Figure("resident memory", .bytes(resident)),
            Figure("  at the peak", .bytes(residentPeak)),
        ]
    }

    private enum CodingKeys: String, CodingKey {
        case services, endpointsPerService, floor, cold, rules, ipvsadmRestore, change
        case departure, audit
        case changeSystemCalls, observation, restart, restartOperations, resident, residentPeak
        case coldToFloor, ipvsadmToCold
        case scrape, scrapeReading, scrapeBytes, scrapeSeries, shortScrape
        case wholeScrape, wholeScrapeBytes, wholeScrapeSeries
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(services, forKey: .services)
        try container.encode(endpointsPerService, forKey: .endpointsPerService)
        try container.encode(floor, forKey: .floor)
        try container.encode(cold, forKey: .cold)
        try container.encode(rules, forKey: .rules)
        try container.encodeIfPresent(ipvsadmRestore, forKey: .ipvsadmRestore)
        try container.encode(change, forKey: .change)
        try container.encode(changeSystemCalls, forKey: .changeSystemCalls)
        try container.encode(observation, forKey: .observation)
        try container.encode(restart, forKey: .restart)
        try container.encode(departure, forKey: .departure)
        try container.encode(audit, forKey: .audit)
        try container.encode(restartOperations, forKey: .restartOperations)
        try container.encode(scrape, forKey: .scrape)
        try container.encode(scrapeReading, forKey: .scrapeReading)
        try container.encode(scrapeBytes, forKey: .scrapeBytes)
        try container.encode(scrapeSeries, forKey: .scrapeSeries)
        try container.encode(wholeScrape, forKey: .wholeScrape)
        try container.encode(wholeScrapeBytes, forKey: .wholeScrapeBytes)
        try container.encode(wholeScrapeSeries, forKey: .wholeScrapeSeries)
        try container.encode(shortScrape, forKey: .shortScrape)
        try container.encode(resident, forKey: .resident)
        try container.encode(residentPeak, forKey: .residentPeak)
        try container.encode(coldToFloor, forKey: .coldToFloor)
        try container.encodeIfPresent(ipvsadmToCold, forKey: .ipvsadmToCold)
    }
}
