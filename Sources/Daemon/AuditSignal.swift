import Listing
import Logging
import UnixSignals

/// The signal by which an audit is asked for.
enum AuditSignal {
    /// Asks for an audit at each SIGHUP, until the task is cancelled.
    static func follow(_ mailbox: Mailbox, _ logger: Logger) async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            mailbox.post(
                .auditRequest { outcome in
                    guard let outcome, outcome.isClean else { return }
                    logger.info("audited at SIGHUP: everything is as it was programmed")
                }
            )
        }
    }
}
