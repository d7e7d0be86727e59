#!/usr/bin/env bash
#
# The demo in a cluster. Scripts/demo starts it as root, in a kernel with IPVS and with a /run of its own.

set -eEuo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=Scripts/lib/demo-tools.sh
source "$here/demo-tools.sh"
# shellcheck source=Scripts/lib/demo-network.sh
source "$here/demo-network.sh"

enter_stage
ln -s "$here/../api-server" bin/api-server
# kubectl keeps what it has learnt of the server below the home directory.
export HOME=$stage KUBECONFIG=$stage/cluster/kubeconfig

requests=
# shellcheck disable=SC2317,SC2329 # called by the trap
leave_cluster() {
    trap '' ERR
    clean_up
    kill ${requests:+"$requests"} 2>/dev/null || true
    [[ ! -d cluster ]] || api-server stop cluster 2>/dev/null || true
}
trap leave_cluster EXIT

web=10.96.0.80
old=10.96.0.81
new=10.96.0.82
# Who finds no API server asks again later and later, and a changed file is not looked at all the time.
long=90

# --- What kubectl is given ---

# service NAME ADDRESS [PORT]: its manifest, with a node port if one is given.
service() {
    local kind=ClusterIP port='port: 80, targetPort: 8080'
    if (($# > 2)); then
        kind=NodePort
        port+=", nodePort: $3"
    fi
    cat <<END
apiVersion: v1
kind: Service
metadata: {name: $1}
spec:
  type: $kind
  clusterIP: $2
  ports: [{name: http, $port}]
END
}

# slice NAME ADDRESS…: the manifest of its endpoints.
slice() {
    cat <<END
---
apiVersion: discovery.k8s.io/v1beta1
kind: EndpointSlice
metadata: {name: $1-1, labels: {kubernetes.io/service-name: $1}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
END
    printf -- '- addresses: [%s]\n' "${@:2}"
}

# kubectl_apply FILE
kubectl_apply() {
    show "ip netns exec node kubectl apply --validate=false -f $1"
    check 'the API server takes it' test "$code" = 0
}

# kube_proxy_configuration: as kubeadm writes it into the ConfigMap kube-proxy.
kube_proxy_configuration() {
    cat <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: $KUBECONFIG
  qps: 0
clusterCIDR: 10.244.0.0/16
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: lc
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 15m0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
metricsBindAddress: ""
mode: ipvs
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
END
}

# --- What the daemon says of itself ---

# metrics PATTERN: the lines of that kind.
metrics() {
    show "ip netns exec node curl -sSm 5 http://127.0.0.1:10249/metrics | grep -E '$1'"
}

# is_watched RESOURCE: whether the daemon follows it in the API.
is_watched() {
    local text
    text=$(ip netns exec node curl -sm 5 http://127.0.0.1:10249/metrics) &&
        grep -q "^fairlead_api_state{resource=\"$1\",state=\"watching\"} 1" <<<"$text"
}

# shellcheck disable=SC2317,SC2329 # called by await
not_watched() {
    ! is_watched "$1"
}

# --- Requests that go on ---

# At a steady rate, and each answer or error is written at once.
start_requests() {
    local command="ip netns exec client curl -sSNm 5 --rate 10/s http://$web/?[1-9999]"
    tell "$command >requests.txt 2>&1 &"
    $command >requests.txt 2>&1 &
    requests=$!
    await 'the requests have begun' grep -q '^pod' requests.txt
}

# stop_requests SENTENCE
stop_requests() {
    show "kill $requests"
    wait "$requests" || true
    requests=
    show 'sort requests.txt | uniq -c'
    local number
    number=$(grep -c '^pod[123]$' requests.txt || true)
    ((number > 20)) || wrong "there should have been more requests than $number."
    check "$1: $number requests were answered, and none failed" \
        no_failure
}

no_failure() {
    ! grep -qv '^pod[123]$' requests.txt
}

# listed ADDRESS: whether the kernel has a virtual server there.
listed() {
    [[ -n $(scheduler "$1" 2>/dev/null) ]]
}

not_listed() {
    ! listed "$1"
}

# --- 1 ---

cat <<'END'

In a cluster a daemon on every node, kube-proxy as a rule, follows the Services
in the API and has the node's kernel balance them. Below, Fairlead does this in
its place, with a real API server, kubectl and real traffic. Lines that begin
with "$" are commands that are run, with what they print beneath.
END

heading 'A cluster' < <(
    cat <<'END'
Each box is a network namespace. A pod runs a web server whose only page is the
pod's name, so one can see who answered.

END
    drawing
)
build_network
serve_pods
say <<'END'
The API server and its store run on the node, at its loopback address. There are
no controllers and no kubelet: what the API has, kubectl wrote.
END
show 'ip netns exec node api-server start cluster'
check 'the API server is ready' test "$code" = 0
cat >node.yaml <<'END'
apiVersion: v1
kind: Node
metadata: {name: node-a}
spec: {podCIDR: 10.244.0.0/16}
END
show 'cat node.yaml'
say <<'END'
--validate=false, as kubectl may be newer than this server, which describes
itself in a way that kubectl has forgotten.
END
kubectl_apply node.yaml
show 'ip netns exec node kubectl get --raw /version | grep gitVersion'
show 'ip netns exec node kubectl get nodes'
check 'the cluster has a node' grep -q '^node-a ' <<<"$said"

# --- 2 ---

heading "In kube-proxy's place" <<'END'
This is the configuration file that kubeadm writes for kube-proxy, here without
what is empty. Fairlead reads it as it is.
END
kube_proxy_configuration >config.conf
show "grep -vE '^conntrack:|: (null|\"\"|0s|0|false)\$' config.conf"
say <<'END'
The same in Fairlead's own words, and what is done in another way:
END
show 'fairlead config convert config.conf'
check "it has the file's scheduler, time-out and addresses of pods" \
    grep -qz 'name: lc.*tcp: 15m.*10\.244\.0\.0/16' <<<"$said"
say <<'END'
It takes kube-proxy's command line, too. (It may warn that one parameter cannot
be written: nf_conntrack_max is the machine's, and this node is a namespace.)
END
launch 'ip netns exec node fairlead kube-proxy --config=config.conf --hostname-override=node-a'
show 'fairlead status'
check 'it serves by IPVS' grep -q 'ipvs (mode: auto)' <<<"$said"

# --- 3 ---

heading 'A Service' <<'END'
kubectl creates a Service and its endpoints, of which a control plane would take
care: pod1 and pod2.
END
{
    service web "$web" 30080
    slice web 10.244.1.2 10.244.2.2
} >web.yaml
show 'cat web.yaml'
kubectl_apply web.yaml
await 'the kernel has two real servers for web' real_servers "$web" 2
show_log
say <<'END'
Requests from the node, and from a client outside: to the cluster IP, and to the
node port.
END
ask node "$web" 12
each_of pod1 pod2
ask client "$web" 12
each_of pod1 pod2
ask client 192.168.50.1:30080 12
each_of pod1 pod2
show 'ip netns exec node fairlead list -n --services'
check 'the kernel balances web, with the scheduler of the file' \
    grep -q "TCP  $web:80 lc  default/web:http" <<<"$said"
show "ip netns exec node fairlead explain 192.168.50.2 $web:80"
check 'it says which endpoints are used' test "$(grep -c ':8080  used' <<<"$said")" = 2

# --- 4 ---

heading 'Changes' <<'END'
pod3 comes. It has the fewest connections, so with lc it gets the next ones.
END
show "echo '- addresses: [10.244.3.2]' >>web.yaml"
kubectl_apply web.yaml
await 'the kernel has three real servers for web' real_servers "$web" 3
show_log
ask client "$web" 12
all_from pod1 pod2 pod3
check 'pod3 answers, too' test "${answers[pod3]}" -gt 0
say <<'END'
pod1 goes.
END
change='[{"op": "remove", "path": "/endpoints/0"}]'
show "ip netns exec node kubectl patch endpointslice web-1 --type=json -p '$change'"
await 'the kernel has two real servers for web again' real_servers "$web" 2
show_log
ask client "$web" 12
all_from pod2 pod3
right 'pod1 is asked no more'
say <<'END'
Another Service comes, and is deleted.
END
{
    service old "$old"
    slice old 10.244.1.2
} >old.yaml
kubectl_apply old.yaml
await 'the kernel has the Service old' real_servers "$old" 1
ask client "$old" 3
each_of pod1
show 'ip netns exec node kubectl delete service old'
# What it still has for two minutes are memories of the connections that there were.
await 'the kernel sends nothing more to the Service old' real_servers "$old" 0
show_log
show "ip netns exec client curl -sSm 1 'http://$old/'"
check 'nobody answers there any more' test "$code" != 0

# --- 5 ---

heading 'What is wrong with a Service' <<'END'
An annotation asks for a scheduler that does not exist. Fairlead says so where
the owner of the Service looks, by an Event, and serves it with the global one.
END
show 'ip netns exec node kubectl annotate service web fairlead.dev/scheduler=best-of-all'
# shellcheck disable=SC2317,SC2329 # called by await
has_event() {
    [[ $(ip netns exec node kubectl describe service web) == *SchedulerNotUsed* ]]
}
await 'the Service has an Event' has_event
show "ip netns exec node kubectl describe service web | sed -n '/^Events:/,\$p'"
check 'the Event names the scheduler' grep -q 'SchedulerNotUsed.*best-of-all' <<<"$said"
show_log
ask client "$web" 12
all_from pod2 pod3
check "the Service is served as before" test "$(scheduler "$web")" = lc
show 'ip netns exec node kubectl annotate service web fairlead.dev/scheduler-'

# --- 6 ---

heading 'Without the API server' <<'END'
The API server is stopped, while requests go on, ten a second.
END
start_requests
show 'ip netns exec node api-server stop cluster'
await 'the log says that the API server does not answer' logged 'what is programmed stays as it is'
show_log
await 'the daemon knows that nobody tells of Services' not_watched services
metrics '^fairlead_api_state.* 1$'
check 'nobody tells of Services any more' grep -qE 'resource="services",state="(waiting|listing|streaming)"' <<<"$said"
show 'fairlead status'
check 'everything that was known is served' grep -q '^Serving: *everything' <<<"$said"
check 'and it says that the cluster cannot be followed' grep -qE '^  .*127\.0\.0\.1:16443' <<<"$said"
ask node "$web" 6
all_from pod2 pod3
right 'Services are served without the API server'
say <<'END'
The cluster changes meanwhile: another API server on the same store, which the
daemon knows nothing of, is told that pod1 is back and that there is a Service
more.
END
show 'KEEP=1 PORT=16445 ip netns exec node api-server start cluster'
{
    service new "$new"
    slice new 10.244.3.2
} >new.yaml
kubectl_apply web.yaml
kubectl_apply new.yaml
show 'ip netns exec node api-server stop cluster'
check 'the kernel has what it had' real_servers "$web" 2
check 'and not the new Service' not_listed "$new"
say <<'END'
Then the first one comes back.
END
show 'KEEP=1 ip netns exec node api-server start cluster'
patience=$long
await 'the kernel has three real servers for web' real_servers "$web" 3
await 'the kernel has the new Service' real_servers "$new" 1
await 'Services are followed again' is_watched services
patience=30
show_log
show 'fairlead status'
stop_requests 'all that time'
ask client "$web" 12
all_from pod1 pod2 pod3
right 'pod1, pod2 and pod3 may answer'
ask client "$new" 3
each_of pod3

# --- 7 ---

heading 'Health and metrics' <<'END'
They are where kube-proxy has them, and say what monitoring expects.
END
show 'ip netns exec node curl -sSm 5 http://127.0.0.1:10256/healthz'
check 'the node is healthy' grep -q '"nodeEligible":true' <<<"$said"
show 'ip netns exec node curl -sSm 5 http://127.0.0.1:10249/proxyMode'
check 'the mode is ipvs' test "$said" = ipvs
say <<'END'
A few of the metrics: those of kube-proxy that mean the same here, how the API
is followed, and what the kernel counts for each endpoint.
END
metrics '^(fairlead_mode|fairlead_services|kubeproxy_sync_proxy_rules_(duration.*count|.*_total))'
check 'they tell of three Services' grep -q '^fairlead_services 3' <<<"$said"
metrics '^fairlead_api_state.* 1$'
metrics "^fairlead_real_server_connections_total.*$web"
check 'each pod has had connections' test "$(grep -c '} [1-9][0-9]*$' <<<"$said")" = 3

# --- 8 ---

heading 'Another configuration' <<'END'
The file is changed, as by an update of the ConfigMap: the scheduler is to be rr.
The daemon starts anew by itself, with requests going on and a connection open.
END
start_requests
mkfifo held.in
tell "ip netns exec client busybox nc $web 80 <held.in >held.out &"
ip netns exec client busybox nc "$web" 80 <held.in >held.out &
servers+=($!)
exec {held}>held.in
connections="ip netns exec node ipvsadm -Lnc | grep 'ESTABLISHED.* $web:80'"
# shellcheck disable=SC2317,SC2329 # called by await
is_held() {
    eval "$connections"
}
await 'the connection is there' is_held
show "$connections"
show "sed -i 's/scheduler: lc/scheduler: rr/' config.conf"
patience=$long
await 'Fairlead serves anew' logged 'Services are served by IPVS'
patience=30
show_log
check 'it is the same process' kill -0 "$daemon"
check 'the kernel has the new scheduler' test "$(scheduler "$web")" = rr
stop_requests 'meanwhile'
tell "printf 'GET / HTTP/1.0\\r\\n\\r\\n' >held.in"
printf 'GET / HTTP/1.0\r\n\r\n' >&"$held"
await 'the connection that was open brings the page' grep -q '^pod[123]$' held.out
exec {held}>&-
show 'tail -n 1 held.out'
right 'the connection that was open goes on'
ask client "$web" 12
even pod1 pod2 pod3

# --- 9 ---

heading 'All as it should be' <<END
${good}All $checks checks came out right$plain, in $SECONDS seconds.

Read on in docs/0012-from-kube-proxy.md, which says how to go over, node by node,
and back. What a cluster needs for it is in Examples/kubernetes.
END
