/* System calls that the C library's module for Swift leaves out, since they need _GNU_SOURCE. */
#ifndef FAIRLEAD_CNETWORKLAB_SHIM_H
#define FAIRLEAD_CNETWORKLAB_SHIM_H

#include <linux/memfd.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Gives the calling thread a network namespace of its own. */
static inline long fairlead_unshare_network(void) { return syscall(SYS_unshare, CLONE_NEWNET); }

/* Takes the calling thread into a network namespace. */
static inline long fairlead_enter_network(int descriptor) {
    return syscall(SYS_setns, descriptor, CLONE_NEWNET);
}

/* Gives the calling thread mounts of its own, which nobody else sees. */
static inline long fairlead_unshare_mounts(void) {
    long result = syscall(SYS_unshare, CLONE_FS | CLONE_NEWNS);
    if (result != 0) return result;
    return mount("none", "/", 0, MS_REC | MS_PRIVATE, 0);
}

/* Covers a directory with an empty one, in the mounts of the calling thread. */
static inline long fairlead_cover(const char *directory) {
    return mount("tmpfs", directory, "tmpfs", 0, "mode=755");
}

/* A file that is only in memory. */
static inline long fairlead_memory_file(void) {
    return syscall(SYS_memfd_create, "fairlead-test", MFD_CLOEXEC);
}

#endif
