import DataplaneModel
import Dispatch
import LinuxDataplane
import Synchronization

/// Reads the counters of IPVS, apart from the task that serves: on a thread and a socket of its own.
final class KernelCounters: Sendable {
    private let queue = DispatchQueue(label: "fairlead.counters")
    private let isReading = Mutex(false)

    /// Reads all virtual servers, and the real servers of some, and hands them over; nil where there
    /// is no IPVS, where it cannot be read, and while an earlier reading goes on.
    func read(
        realServersOf keys: Set<VirtualServerKey>,
        _ answer: @escaping @Sendable ([VirtualServerReading]?) -> Void
    ) {
        let isFree = isReading.withLock { isReading in
            defer { isReading = true }
            return !isReading
        }
        guard isFree else { return answer(nil) }
        queue.async {
            let readings = Self.read(realServersOf: keys)
            self.isReading.withLock { $0 = false }
            answer(readings)
        }
    }

    private static func read(
        realServersOf keys: Set<VirtualServerKey>
    ) -> [VirtualServerReading]? {
        do throws(DataplaneError) {
            guard var socket = try IPVSSocket.open() else { return nil }
            return try socket.virtualServers { keys.contains($0) }
        } catch {
            return nil
        }
    }
}
