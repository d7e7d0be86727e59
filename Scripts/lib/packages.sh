# shellcheck shell=bash
#
# Debian packages for the scripts: sourced by them, so that each of them works on a machine that has nothing but
# the Swift toolchain. Nothing is installed, and the network is not touched, while everything is there already.

# Packages for building Fairlead.
require_build_packages() {
    require_packages libnl-3-dev libnl-genl-3-dev libipset-dev pkg-config
}

# Packages for running something inside the User Mode Linux kernel.
require_kernel_packages() {
    require_packages user-mode-linux kmod iproute2 ipvsadm ipset iptables conntrack curl 'busybox-static|busybox' \
        util-linux strace
}

# Packages for running something inside Debian's own kernel in QEMU, with the tools its small root file system gets.
require_qemu_packages() {
    require_packages qemu-system-x86 cpio kmod iproute2 ipvsadm ipset iptables conntrack curl \
        'busybox-static|busybox' util-linux strace procps
}

# Packages for running a kube-apiserver. Any kubectl will do: Debian's and those of others exclude each other.
require_api_server_packages() {
    local client=kubernetes-client
    ! command -v kubectl >/dev/null || client=
    require_packages etcd-server openssl curl xz-utils ${client:+"$client"}
}

# require_packages NAME…
#
# A NAME may be `first|second`: either of them will do, and the first is installed when there is neither. That is
# for packages that exclude each other, so that a machine keeps the one it has.
#
# Returns 2, after one sentence, when a package is missing and cannot be installed.
require_packages() {
    local missing
    missing=$(_packages_missing "$@")
    [[ -n $missing ]] || return 0

    local command="apt-get install --no-install-recommends ${missing//$'\n'/ }"
    if ! command -v apt-get >/dev/null; then
        echo "${0##*/}: these packages are missing, and this is not a Debian system: ${missing//$'\n'/ }" >&2
        return 2
    fi
    if ((EUID != 0)); then
        echo "${0##*/}: packages are missing and only root can install them: $command" >&2
        return 2
    fi

    # Several scripts may start at the same time, and apt-get update has no way to wait for another one.
    local lock
    mkdir -p /run/lock
    exec {lock}>/run/lock/fairlead-packages.lock
    flock "$lock"
    missing=$(_packages_missing "$@")
    local said='' failed=0
    if [[ -n $missing ]]; then
        echo "${0##*/}: installing ${missing//$'\n'/ }" >&2
        # shellcheck disable=SC2086 # one word per package is wanted
        said=$({
            DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
                DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
                    -o DPkg::Lock::Timeout=300 $missing
        } 2>&1 </dev/null) || failed=1
    fi
    exec {lock}>&-
    if ((failed)); then
        said=$(grep '^E: ' <<<"$said" | head -n 1 || true)
        echo "${0##*/}: could not install the missing packages (${said:-apt-get failed}); try: $command" >&2
        return 2
    fi
}

# Asks once for all of them: a query takes longer than everything else these functions do when nothing is missing.
_packages_missing() {
    local -A installed=()
    local name state
    while read -r name state; do
        [[ $state == installed ]] && installed[$name]=1
    done < <(tr '|' '\n' <<<"$*" | xargs dpkg-query -W -f="\${Package} \${db:Status-Status}\n" 2>/dev/null || true)

    local wanted alternative
    for wanted in "$@"; do
        for alternative in ${wanted//|/ }; do
            [[ -n ${installed[$alternative]:-} ]] && continue 2
        done
        echo "${wanted%%|*}"
    done
}
