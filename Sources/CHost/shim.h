/* System calls that the C library's module for Swift leaves out, since they need _GNU_SOURCE. */
#ifndef FAIRLEAD_CHOST_SHIM_H
#define FAIRLEAD_CHOST_SHIM_H

#include <linux/memfd.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A file that is only in memory: a child reads its input there, and writes its outputs, without a pipe that fills. */
static inline long fairlead_memory_file(void) {
    return syscall(SYS_memfd_create, "fairlead", MFD_CLOEXEC);
}

/* Leaves a child no file of this process from `from` on: libipset opens its socket without O_CLOEXEC. */
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
static inline int fairlead_close_from(posix_spawn_file_actions_t *actions, int from) {
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
}

#endif
