/// The locks on files that `/proc/locks` lists.
package enum FileLocks {
    /// The process that has a file locked by `flock`; 0 for one of another container, nil when
    /// nobody has.
    ///
    /// `device` is in the form of the C library's `st_dev`. A line is `1: FLOCK  ADVISORY  WRITE 1234 00:19:567 0 EOF`, with the device in hexadecimal
    /// (`lock_get_status`, `fs/locks.c`).
    package static func holder(
        ofInode inode: UInt64,
        device: UInt64,
        in text: String
    ) -> Int? {
        // As `gnu_dev_major` and `gnu_dev_minor` take it apart.
        let major = device >> 8 & 0xfff | device >> 32 & ~0xfff
        let minor = device & 0xff | device >> 12 & 0xffff_ff00
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            // A process that waits for a lock has "->" in front of the kind.
            guard fields.count >= 6, fields[1] == "FLOCK", let process = Int(fields[4]) else {
                continue
            }
            let file = fields[5].split(separator: ":")
            guard file.count == 3, UInt64(file[0], radix: 16) == major,
                UInt64(file[1], radix: 16) == minor, UInt64(file[2]) == inode
            else { continue }
            // The kernel shows -1 or 0 for a process that cannot be seen from here.
            return max(process, 0)
        }
        return nil
    }
}
