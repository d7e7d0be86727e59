import Glibc
import SystemPackage

/// A watch on one directory, and nothing below it.
///
/// The kernel collects events from the moment it exists until it is dropped.
@safe struct InotifyWatch: ~Copyable {
    private let descriptor: FileDescriptor
    /// Which directory is watched, whatever its path leads to by now.
    let identity: FileIdentity

    init(_ directory: FilePath) throws(DirectorySourceError) {
        let number = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard number >= 0 else { throw .noMoreWatches(Errno(rawValue: errno)) }
        let descriptor = FileDescriptor(rawValue: number)
        let mask =
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_DELETE_SELF
            | IN_MOVE_SELF | Int32(IN_ONLYDIR)
        guard
            unsafe inotify_add_watch(number, directory.string, UInt32(bitPattern: mask)) >= 0
        else {
            let reason = Errno(rawValue: errno)
            try? descriptor.close()
            guard reason == .noSpace else { throw .unreadableDirectory(directory, reason) }
            throw .noMoreWatches(reason)
        }
        do throws(Errno) {
            identity = FileIdentity(try directory.stat())
        } catch {
            try? descriptor.close()
            throw .unreadableDirectory(directory, error)
        }
        self.descriptor = descriptor
    }

    deinit { try? descriptor.close() }

    /// Blocks until there are events, or `stop` is raised, or the time is up; nil waits for ever.
    borrowing func wait(
        _ stop: borrowing StopSignal,
        milliseconds: Int? = nil
    ) throws(DirectorySourceError) -> WaitOutcome {
        try stop.wait(also: descriptor, milliseconds: milliseconds)
    }

    /// What happened since the last call, in order.
    borrowing func events() throws(DirectorySourceError) -> [DirectoryEvent] {
        do {
            return DirectoryEvent.events(in: try descriptor.bytes(atMost: 64 << 10))
        } catch Errno.resourceTemporarilyUnavailable {
            return []
        } catch {
            throw .system(operation: "read from inotify", error)
        }
    }
}

enum WaitOutcome {
    case ready
    case timeout
    case stopped
}

/// Tells a thread that blocks in `poll` to stop.
@safe struct StopSignal: ~Copyable, Sendable {
    private let readEnd: FileDescriptor
    private let writeEnd: FileDescriptor

    init() throws(DirectorySourceError) {
        do throws(Errno) {
            (readEnd, writeEnd) = try FileDescriptor.pipe(options: [.closeOnExec, .nonBlocking])
        } catch {
            throw .system(operation: "pipe2", error)
        }
    }

    deinit {
        try? readEnd.close()
        try? writeEnd.close()
    }

    /// Stops whoever waits now or later.
    borrowing func raise() {
        // It can only fail on a pipe that is full, and so raised already.
        _ = try? writeEnd.writeAll([1])
    }

    /// Blocks until `other` is readable, or the signal is raised, or the time is up.
    borrowing func wait(
        also other: FileDescriptor? = nil,
        milliseconds: Int? = nil
    ) throws(DirectorySourceError) -> WaitOutcome {
        // poll passes over a negative descriptor.
        var entries = [readEnd.rawValue, other?.rawValue ?? -1].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        let timeout = Int32(clamping: milliseconds ?? -1)
        while unsafe poll(&entries, nfds_t(entries.count), timeout) < 0 {
            let reason = Errno(rawValue: errno)
            guard reason == .interrupted else { throw .system(operation: "poll", reason) }
        }
        if entries[0].revents != 0 { return .stopped }
        return entries[1].revents != 0 ? .ready : .timeout
    }
}

extension FileDescriptor {
    /// Reads once; fewer bytes than `limit` do not mean the end, none do.
    func bytes(atMost limit: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var result: Result<Int, Errno> = .success(0)
        unsafe bytes.withUnsafeMutableBytes { buffer in
            do {
                result = .success(try unsafe read(into: buffer))
            } catch {
                result = .failure(error as? Errno ?? .ioError)
            }
        }
        bytes.removeSubrange(try result.get()...)
        return bytes
    }
}

extension DirectoryEvent {
    /// Reads `struct inotify_event` after `struct inotify_event`.
    fileprivate static func events(in bytes: [UInt8]) -> [DirectoryEvent] {
        let headerSize = MemoryLayout<inotify_event>.size
        var events: [DirectoryEvent] = []
        var offset = 0
        while offset + headerSize <= bytes.count {
            let header = unsafe bytes.withUnsafeBytes {
                unsafe $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            }
            let nameStart = offset + headerSize
            offset = min(nameStart + Int(header.len), bytes.count)
            // The name is padded with zeros.
            let name = bytes[nameStart..<offset].prefix { $0 != 0 }
            events.append(
                DirectoryEvent(
                    change: Change(mask: Int32(bitPattern: header.mask)),
                    name: String(decoding: name, as: UTF8.self)
                )
            )
        }
        return events
    }
}

extension DirectoryEvent.Change {
    fileprivate init(mask: Int32) {
        self =
            if mask & Int32(IN_Q_OVERFLOW) != 0 {
                .overflow
            } else if mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED) != 0 {
                .directoryGone
            } else if mask & IN_CREATE != 0 {
                .created
            } else {
                .changed
            }
    }
}
