import Addressing
import DataplaneModel
import LinuxDataplane
import Logging
import Planning

/// Keeps the record of who leaves up to date.
struct DrainingFile {
    private let stateDirectory: String
    private let logger: Logger
    /// From the clock of the loop to that of the machine.
    private let offset: Duration
    private var written: (version: Int, moment: Duration)?
    /// What is in the file is what an earlier run knew.
    private var isOutdated = false
    private var problem: DataplaneError?

    /// How long news may wait, so that what leaves at once never is written: a crash meanwhile gives
    /// those who leave this much more time.
    private static let patience = Duration.seconds(1)

    /// `now` is on the clock of the loop.
    init(stateDirectory: String, now: Duration, logger: Logger) {
        self.stateDirectory = stateDirectory
        self.logger = logger
        offset = DrainingRecord.sinceBoot - now
    }

    /// What an earlier run wrote down; nothing where that cannot be read.
    mutating func load() -> Departures.Terms {
        var terms: Departures.Terms = [:]
        isOutdated = true
        do throws(DataplaneError) {
            let lines = try DrainingRecord.load(stateDirectory: stateDirectory)
            isOutdated = !lines.isEmpty
            for line in lines {
                terms[line.key, default: [:]][line.address] = Departure.Term(
                    since: line.since - offset,
                    limit: line.limit
                )
            }
        } catch {
            logger.warning("since when real servers leave is not known any more: \(error)")
        }
        return terms
    }

    /// Writes down who leaves, if that is news.
    ///
    /// Not before all that exists has been programmed: until then an earlier run knows better.
    mutating func update(_ departures: Departures, now: Duration) {
        guard isOutdated || departures.version != written?.version ?? 0 else { return }
        if !isOutdated, !departures.isEmpty, let written, now - written.moment < Self.patience {
            return
        }
        written = (departures.version, now)
        isOutdated = false
        var lines: [DrainingRecord.Line] = []
        for (key, terms) in departures.terms {
            for (address, term) in terms {
                lines.append(
                    DrainingRecord.Line(
                        key: key,
                        address: address,
                        since: max(.zero, term.since + offset),
                        limit: term.limit
                    )
                )
            }
        }
        do throws(DataplaneError) {
            try DrainingRecord.store(lines, stateDirectory: stateDirectory)
            problem = nil
        } catch {
            if problem != error {
                logger.warning("since when real servers leave could not be written down: \(error)")
            }
            problem = error
        }
    }
}
