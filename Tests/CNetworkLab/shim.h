/* System calls that the C library's module for Swift leaves out, since they need _GNU_SOURCE. */
#ifndef FAIRLEAD_CNETWORKLAB_SHIM_H
#define FAIRLEAD_CNETWORKLAB_SHIM_H

#include <linux/memfd.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
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

/* Makes a process that is a copy of this one, which must have no other thread. It dies with its parent. */
static inline int fairlead_fork(void) {
    int process = fork();
    if (process == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
    return process;
}

/* Lets the parent follow the calling process, and waits until it does. */
static inline void fairlead_be_traced(void) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
}

/* Has a traced process, which has stopped, stop whenever it starts another one. */
static inline long fairlead_trace_children(int process) {
    return ptrace(PTRACE_SETOPTIONS, process, NULL,
                  (void *)(long)(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL));
}

/* Has a traced process go on, with a signal unless it is 0. */
static inline long fairlead_trace_continue(int process, int number) {
    return ptrace(PTRACE_CONT, process, NULL, (void *)(long)number);
}

/* Follows a process no longer, and has it go on. */
static inline long fairlead_trace_detach(int process) { return ptrace(PTRACE_DETACH, process, NULL, NULL); }

#endif
