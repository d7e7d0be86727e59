import Glibc

/// How many files and connections this process may have open.
package enum OpenFiles {
    /// Raises the limit as far as this process may.
    ///
    /// The usual 1024 is one that programs with `select` need, and relayed connections take two each.
    package static func raiseLimit() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        // What was allowed before goes on being allowed.
        _ = unsafe setrlimit(resource, &limit)
    }
}
