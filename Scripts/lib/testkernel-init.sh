#!/bin/busybox sh
# shellcheck shell=dash
# shellcheck disable=SC2154 # the settings have engine, directory, modules, modules_required and bare
#
# Process 1 of a test kernel; Scripts/testkernel copies it next to the settings it writes for it. It serves both
# engines: User Mode Linux, where the host's file system is the root, and QEMU, where an initramfs is.
#
# It is run by busybox, because starting a process costs some 30 ms in User Mode Linux and busybox's shell does
# without most of them.

run=${0%/*}
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# shellcheck source=/dev/null
. "$run/settings"

# The report was opened at the start, as nothing can be opened when User Mode Linux has used up the files it may
# have open on the host. It is with the host before the power goes: a file there is written when it is closed, and a
# virtio port at once. `sync` is for what the command itself wrote.
finish() {
    echo "$1" >&8
    exec 8>&-
    sync
    /bin/busybox poweroff -f
    # Powering off is not immediate, and process 1 must not end.
    while :; do sleep 1; done
}

fail() {
    finish "error: $1"
}

# --- A root file system that can be written to without harm ---

# Everything the guest writes stays in its memory, except below the directories it was given: User Mode Linux's
# hostfs writes through to the host's own files, and a test must be able to change /etc, /var or /run at will.
protect_host_files() {
    insmod "/usr/lib/uml/modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko" || fail 'cannot load overlayfs'
    guest=$run/guest
    mount -t tmpfs -o mode=755 guest "$guest" || fail 'cannot mount the memory file system of the guest'
    mkdir "$guest/changes" "$guest/work" "$guest/root"
    mount -t overlay -o "lowerdir=/,upperdir=$guest/changes,workdir=$guest/work" guest "$guest/root" ||
        fail 'cannot put the guest in front of the files of the host'
    for_each_writable bind_writable

    # The kernel mounted it before it started this; the console is open there.
    mount -o move /dev "$guest/root/dev"
    mount -t proc proc "$guest/root/proc"
    cd "$guest/root" || fail 'cannot enter the root of the guest'
    mkdir .host
    pivot_root . .host || fail 'cannot change to the root of the guest'
    cd /
    umount -l /.host
    rmdir /.host
}

bind_writable() {
    mount --bind "$1" "$guest/root$1" || fail "cannot make $1 writable"
}

mount_kernel_file_systems() {
    [ -e /proc/uptime ] || /bin/busybox mount -t proc proc /proc
    # Without /sys modprobe does not see what is loaded, and loads the dependencies of each module again.
    mount -t sysfs sysfs /sys
    [ -c /dev/null ] || mount -t devtmpfs devtmpfs /dev
    mkdir -p /dev/pts /dev/shm
    mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
    mount -t tmpfs -o mode=1777 shm /dev/shm
    [ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
    mount -t tmpfs -o mode=755 run /run
    mkdir -p /run/lock
}

# --- The modules ---

# The kernel's own autoloader asks modprobe without any option, so the modules have to be at the standard place.
# Hidden ones are removed from both places: nothing must be able to load them by their path either.
place_uml_modules() {
    tree=/usr/lib/uml/modules/$(uname -r)
    mkdir -p /lib/modules
    ln -sfn "$tree" "/lib/modules/$(uname -r)"
    if [ -e "$run/modules" ]; then
        for_each_hidden rm_from_tree
        cp "$run"/modules/modules.* "$tree/" || fail 'cannot hide modules'
    fi
}

rm_from_tree() {
    rm -f "$tree/$1"
}

load_modules() {
    # What an administrator of the host told its own modprobe is not for this kernel. And some machines have it make
    # a first dummy device on its own, while others do not.
    mkdir -p /etc/modprobe.d
    mount -t tmpfs modprobe /etc/modprobe.d
    echo 'options dummy numdummies=0' >/etc/modprobe.d/testkernel.conf
    # shellcheck disable=SC2086 # one word per module is wanted
    if [ -n "$modules" ] && ! /sbin/modprobe -a $modules && [ -n "$modules_required" ]; then
        fail "not all of these modules could be loaded: $modules"
    fi
}

# --- The network ---

# IPVS refuses a real server to which there is no route. The dummy device swallows what goes out by the default
# routes; the addresses are those set aside for documentation.
set_up_network() {
    if [ -n "$bare" ]; then
        /usr/sbin/ip link set lo up
        return
    fi
    /usr/sbin/ip -force -batch - <<-'END'
		link set lo up
		link add node0 type dummy
		address add 192.0.2.10/24 dev node0
		address add 2001:db8::10/64 dev node0 nodad
		link set node0 up
		route add default via 192.0.2.1 dev node0
		route add default via 2001:db8::1 dev node0
	END
    set_sysctl net/ipv4/ip_forward 1
    set_sysctl net/ipv6/conf/all/forwarding 1
    set_sysctl net/ipv4/vs/conntrack 1
}

# A missing one belongs to a module that was left out on purpose.
set_sysctl() {
    [ ! -e "/proc/sys/$1" ] || echo "$2" >"/proc/sys/$1"
}

# --- The command ---

# A pipe instead of the console, so that the command does not take its output for a terminal and colour it, and
# so that no line discipline changes a byte.
run_command() {
    mkfifo /run/testkernel-output
    cat </run/testkernel-output >&9 8>&- &
    reader=$!
    # In the foreground: the shell makes background commands ignore SIGINT. In a session of its own: signals the
    # command sends to its process group must not reach the reader.
    (
        cd "$directory" || exit 125
        exec_command
    ) </dev/null >/run/testkernel-output 2>&1 8>&- 9>&-
    status=$?
    # The reader ends when nobody holds the pipe any longer, and the command may have left servers behind.
    for process in /proc/[0-9]*; do
        process=${process#/proc/}
        [ "$process" = 1 ] || [ "$process" = "$reader" ] || kill -9 "$process" 2>/dev/null
    done
    wait "$reader"
}

case $engine in
uml)
    # With its full name: busybox starts itself by way of /proc, and as long as that is the host's, it would start
    # another User Mode Linux.
    /bin/busybox mount -t proc proc /proc
    [ -c /dev/null ] || mount -t devtmpfs devtmpfs /dev
    exec 8>"$run/status"
    protect_host_files
    mount_kernel_file_systems
    place_uml_modules
    # To the commands that work in this kernel; Scripts/testkernel knows why.
    cp -af "$run/alternatives/." /etc/alternatives/
    # Open from here to the end, as the modes of a terminal last as long as somebody has it open.
    exec 9>/dev/tty1
    stty raw </dev/tty1
    ;;
qemu)
    mount_kernel_file_systems
    /sbin/modprobe -a virtio_pci virtio_console
    # There is no udev here to name them: the numbers are those of the device and of the port. A port can be seen
    # before it can be opened.
    tries=0
    until { command exec 8>/dev/vport0p2 9>/dev/vport0p1; } 2>/dev/null || [ "$tries" -gt 500 ]; do
        tries=$((tries + 1))
        usleep 10000
    done
    ;;
esac

echo fairlead-test >/proc/sys/kernel/hostname
# Without a name server the resolver asks this very kernel, which refuses at once; a question to the host's would
# vanish by the default route, and each name or address that somebody looks up would cost many seconds.
rm -f /etc/resolv.conf
: >/etc/resolv.conf
load_modules
set_up_network
run_command
# To set the modes of a terminal, stty waits until everything written to it is out.
[ "$engine" != uml ] || stty raw </dev/tty1
finish "$status"
