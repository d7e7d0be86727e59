#!/usr/bin/env bash
#
# The demo itself. Scripts/demo starts it as root, in a kernel with IPVS or without, and with a /run of its own; where
# that is this machine's kernel, in namespaces that vanish with it.

set -eEuo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=Scripts/lib/demo-tools.sh
source "$here/demo-tools.sh"
# shellcheck source=Scripts/lib/demo-network.sh
source "$here/demo-network.sh"

enter_stage
cp -r "$root/Examples/manifests" manifests

# What is to balance here. Without IPVS the kernel draws lots, so it takes more requests to meet every pod: one of
# three is missed by 60 once in ten thousand million times.
mode=ipvs
several=12
if [[ ! -e /proc/net/ip_vs ]] && ! modprobe -q ip_vs 2>/dev/null; then
    mode=iptables
    several=60
fi

# --- The daemon ---

start_daemon() {
    launch 'ip netns exec node fairlead run --manifests manifests --node node --cluster-cidr 10.244.0.0/16'
}

# followed NUMBER: the log has told of a change, and the kernel has that many real servers for `web`.
followed() {
    logged ' applied ' && real_servers "$web" "$1"
}

same_listings() {
    local _
    # Connections come to their end while the two run one after the other, so a difference counts only when it stays.
    for _ in 1 2 3 4 5; do
        cmp -s ipvsadm.txt fairlead.txt && return
        ip netns exec node ipvsadm -Ln >ipvsadm.txt
        ip netns exec node fairlead list -n >fairlead.txt
    done
    cmp -s ipvsadm.txt fairlead.txt
}

web=10.96.0.80
sticky=10.96.0.81
hash=10.96.0.82
maglev=10.96.0.83
least=10.96.0.84
shop=203.0.113.10

# --- 1 ---

cat <<'END'

In Kubernetes a Service is an address that stands for several pods. On every
node something has to send each connection for that address to one of the pods;
Fairlead does it, with IPVS, the load balancer in the Linux kernel. Below, lines
that begin with "$" are commands that are run, with what they print beneath.
END
[[ $mode == ipvs ]] || cat <<END

${strong}This kernel has no IPVS.$plain Fairlead will say so, and do the same job with chains of
iptables. What only IPVS can do is left out below: its schedulers, and the
comparison with ipvsadm.
END

heading 'A node with three pods, and a client' < <(
    cat <<'END'
Each box is a network namespace, with interfaces and routes of its own. The
lines are pairs of virtual network interfaces. A pod runs a web server whose
only page is the pod's name, so one can see who answered.

END
    drawing
)

build_network
serve_pods
say <<'END'
At the address of a Service nobody answers so far.
END
show "ip netns exec client curl -sSm 1 'http://$web/'"
check 'no answer' test "$code" != 0

# --- 2 ---

services=$(cat manifests/*.yaml | grep -c '^kind: Service$')
heading 'Fairlead starts' <<'END'
It reads Services and their endpoints from a directory, sets up the kernel for
them, and follows changes of the files from then on.
END
show 'ls manifests'
show 'cat manifests/web.yaml'
start_daemon
check "it serves the $services Services of the directory" grep -q "serving $services Services" fairlead.log
show 'fairlead status'
if [[ $mode == iptables ]]; then
    check 'it says that it does without IPVS, and why' grep -q 'iptables (mode: auto), as IPVS cannot be used' <<<"$said"
else
    check 'it says that IPVS serves' grep -q 'ipvs (mode: auto)' <<<"$said"
fi

# --- 3 ---

heading 'What the kernel balances now' <<'END'
Each address and port of a Service is a virtual server, and each endpoint a real
server below it. `dns` has IPv4 and IPv6 addresses, and both UDP and TCP.
END
show 'ip netns exec node fairlead list -n --services'
listed_services() {
    local name
    for name in default/{shop,web{,-sticky,-hash,-maglev,-least}}:http kube-system/dns:dns{,-tcp}; do
        grep -q "  $name\$" <<<"$said" || return
    done
}
check 'every Service is there' listed_services

# --- 4 ---

heading 'Requests to a Service' <<'END'
First requests from outside, then from the node itself. With IPVS the endpoints
of `web` take turns (round robin); iptables draws lots.
END
ask client "$web" "$several"
even pod1 pod2 pod3
echo
ask node "$web" "$several"
even pod1 pod2 pod3

# --- 5 ---

schedulers() {
    heading 'Other ways to choose' <<'END'
The annotation fairlead.dev/scheduler gives a Service another of the kernel's
schedulers. The same three pods are behind all of these Services.
END
show "grep fairlead.dev/scheduler manifests/*.yaml"

# one_scheduler ADDRESS NAME
one_scheduler() {
    local found
    found=$(scheduler "$1")
    [[ $found == "$2" ]] || wrong "the kernel should use the scheduler $2 for $1, but uses $found."
}

say <<'END'
web-least: the pod with the fewest connections gets the next one (lc).
END
ask client "$least" 12
one_scheduler "$least" lc
every_pod
say <<'END'
web-hash: the client's address decides (sh), so one client stays with one pod.
END
ask client "$hash" 12
one_scheduler "$hash" sh
one_pod
say <<'END'
web-sticky: sessionAffinity, so a client keeps the pod it got first.
END
ask client "$sticky" 12
one_pod
say <<'END'
web-maglev: address and port decide (mh), and every connection of a client comes
from another port, so that many of them meet all pods.
END
ask client "$maglev" 40
one_scheduler "$maglev" mh
every_pod
}

# --- 6 ---

same_as_ipvsadm() {
    heading 'The same listing as ipvsadm' <<'END'
ipvsadm is the usual tool for IPVS. `fairlead list` takes its options and prints
the same, byte for byte; now also with the connections of the requests above.
END
show "ip netns exec node ipvsadm -Ln -t $web:80"
show "ip netns exec node fairlead list -n -t $web:80"
show 'ip netns exec node ipvsadm -Ln >ipvsadm.txt'
show 'ip netns exec node fairlead list -n >fairlead.txt'
same_listings || {
    show 'diff ipvsadm.txt fairlead.txt'
    wrong 'fairlead list -n should print what ipvsadm -Ln prints, but there are differences.'
}
show 'cmp ipvsadm.txt fairlead.txt'
right "$(wc -l <fairlead.txt) lines are the same in both"
}

chains() {
    heading 'The chains' <<'END'
Each Service port has a chain with a rule for each endpoint, and comments say
whose they are. A connection finds its chain through a tree, by its destination.
END
    show "ip netns exec node iptables-save -t nat | grep 'default/web:http'"
    check 'three endpoints have a rule' test "$(grep -c 'DNAT --to-destination' <<<"$said")" = 3
    say <<'END'
web-sticky: sessionAffinity, so a client keeps the pod it got first.
END
    ask client "$sticky" 12
    one_pod
}

if [[ $mode == ipvs ]]; then
    schedulers
    same_as_ipvsadm
else
    chains
fi

# --- 7 ---

heading 'Inside and outside' <<'END'
`shop` has a load balancer's address and externalTrafficPolicy: Local. pod1 is
an endpoint on this node, pod2 one on another (so the file says). A client
outside gets the endpoints of this node only; the node itself, like its pods,
gets all of them at the very same address.
END
ask client "$shop" 6
one_pod
ask node "$shop" "$several"
even pod1 pod2
say <<'END'
What becomes of a packet, and why:
END
show "ip netns exec node fairlead explain 192.168.50.2 $shop:80"
check 'it says that pod2 is left out, and why' grep -q '10.244.2.2:8080  left out: not on this node' <<<"$said"
show "ip netns exec node fairlead explain 192.0.2.77 $shop:80"
check 'it says that another client may not come in' grep -q 'dropped: loadBalancerSourceRanges' <<<"$said"

# --- 8 ---

heading 'Changes while it runs' <<'END'
A pod goes away: its address is deleted from the file of `web`. With IPVS it
stays, without weight, until the kernel has forgotten the connections that it
had; then it leaves.
END
show "sed -i '/10\\.244\\.2\\.2/d' manifests/web.yaml"
await 'the kernel has two real servers for web that take connections' followed 2
show_log
show "ip netns exec node fairlead list -n -t $web:80"
if [[ $mode == ipvs ]]; then
    check 'the one that leaves has no weight' grep -Eq '^ *-> 10\.244\.2\.2:8080 +Masq +0 ' <<<"$said"
fi
ask client "$web" "$several"
even pod1 pod3
say <<'END'
Somebody breaks the file. Fairlead says what is wrong and where, and what it
knew stays in force.
END
show "echo 'spec: [' >>manifests/web.yaml"
await 'the log says that web.yaml is wrong' logged 'warning .* web\.yaml: document [0-9]*: .*not YAML'
show_log
right 'the log names the file, the document, and what is wrong with it'
ask client "$web" "$several"
even pod1 pod3
say <<'END'
The file is repaired, and the pod comes back.
END
show "sed -i -e '/^spec: \\[/d' -e '/10\\.244\\.1\\.2/a\\  - addresses: [10.244.2.2]' manifests/web.yaml"
show 'tail -n 4 manifests/web.yaml'
await 'the kernel has three real servers for web again' followed 3
show_log
ask client "$web" "$several"
even pod1 pod2 pod3

# --- 9 ---

heading 'Without the daemon' <<'END'
The kernel does the balancing, so traffic needs no daemon. It can be stopped,
replaced by another version and started again.
END
show "kill -TERM $daemon"
code=0
wait "$daemon" || code=$?
daemon=
show_log
check 'Fairlead ended in good order' test "$code" = 0
ask client "$web" "$several"
even pod1 pod2 pod3
say <<'END'
Started again, it finds in the kernel what it wants to be there.
END
start_daemon
check 'it had nothing to change' grep -q '; applied 0 changes' <<<"$said"
ask client "$web" "$several"
even pod1 pod2 pod3

# --- 10 ---

heading 'All as it should be' <<END
${good}All $checks checks came out right$plain, in $SECONDS seconds.

Read on in README.md and docs/. The Services that were served here are in
Examples/manifests, and Scripts/testkernel gives you a kernel to try your own.
END
