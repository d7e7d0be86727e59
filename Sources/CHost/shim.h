/* System calls that the C library's module for Swift leaves out, since they need _GNU_SOURCE. */
#ifndef FAIRLEAD_CHOST_SHIM_H
#define FAIRLEAD_CHOST_SHIM_H

#include <linux/capability.h>
#include <linux/memfd.h>
#include <spawn.h>
#include <sys/prctl.h>
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

/* The capabilities of the calling thread: effective, permitted, inheritable. The C library has no function for it. */
struct fairlead_capabilities {
    unsigned long long effective, permitted, inheritable;
};

static inline long fairlead_get_capabilities(struct fairlead_capabilities *sets) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    long result = syscall(SYS_capget, &header, data);
    sets->effective = data[0].effective | (unsigned long long)data[1].effective << 32;
    sets->permitted = data[0].permitted | (unsigned long long)data[1].permitted << 32;
    sets->inheritable = data[0].inheritable | (unsigned long long)data[1].inheritable << 32;
    return result;
}

static inline long fairlead_set_capabilities(const struct fairlead_capabilities *sets) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(__u32)sets->effective, (__u32)sets->permitted, (__u32)sets->inheritable},
        {(__u32)(sets->effective >> 32), (__u32)(sets->permitted >> 32), (__u32)(sets->inheritable >> 32)},
    };
    return syscall(SYS_capset, &header, data);
}

/* Whether programs that this thread starts may get this capability: 1 or 0; -1 for one that the kernel does not know. */
static inline int fairlead_is_bounded(int capability) { return prctl(PR_CAPBSET_READ, capability, 0, 0, 0); }

static inline int fairlead_drop_bound(int capability) { return prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); }

static inline int fairlead_gain_no_rights(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

#endif
