/* System calls that the C library's module for Swift leaves out, since they need _GNU_SOURCE. */
#ifndef FAIRLEAD_CNETWORKLAB_SHIM_H
#define FAIRLEAD_CNETWORKLAB_SHIM_H

#include <linux/memfd.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Gives the calling thread a network namespace of its own. */
static inline long fairlead_unshare_network(void) { return syscall(SYS_unshare, CLONE_NEWNET); }

/* Takes the calling thread into a network namespace. */
static inline long fairlead_enter_network(int descriptor) {
    return syscall(SYS_setns, descriptor, CLONE_NEWNET);
}

/* A file that is only in memory. */
static inline long fairlead_memory_file(void) {
    return syscall(SYS_memfd_create, "fairlead-test", MFD_CLOEXEC);
}

#endif
