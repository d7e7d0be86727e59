# shellcheck shell=bash
#
# The small network of the demo: a node, three pods that serve, and a client. For demo-stage.sh and demo-cluster.sh.

drawing() {
    cat <<'END'
                   +---------------------+
                   |  client (outside)   |
                   |    192.168.50.2     |
                   +----------+----------+
                              |
                   +----------+----------+
                   |    192.168.50.1     |
                   |  node               |   Services:
                   |    IPVS, set up     |   10.96.0.80:80 and more,
                   |    by Fairlead      |   which no machine has
                   +--+-------+-------+--+
           +----------+       |       +----------+
     +-----+------+    +------+-----+    +-------+----+
     |    pod1    |    |    pod2    |    |    pod3    |
     | 10.244.1.2 |    | 10.244.2.2 |    | 10.244.3.2 |
     +------------+    +------------+    +------------+
END
}

# A node without a route to a pod could not balance to it, and one without a default route is no node. There is nobody
# at the other end of that one.
build_network() {
    local number name
    for name in node client pod1 pod2 pod3; do
        ip netns add "$name"
    done
    {
        cat <<-'END'
			link set lo up
			link add outside type veth peer name eth0 netns client
			link set outside up
			address add 192.168.50.1/24 dev outside
			address add fd00:50::1/64 dev outside nodad
			route add default via 192.168.50.254
			route add default via fd00:50::fe
		END
        for number in 1 2 3; do
            cat <<-END
				link add pod$number type veth peer name eth0 netns pod$number
				link set pod$number up
				address add 10.244.$number.1/24 dev pod$number
				address add fd00:10:244:$number::1/64 dev pod$number nodad
			END
        done
    } | ip -n node -batch -
    end_host client 192.168.50.2/24 fd00:50::2/64 192.168.50.1 fd00:50::1
    for number in 1 2 3; do
        end_host "pod$number" "10.244.$number.2/24" "fd00:10:244:$number::2/64" \
            "10.244.$number.1" "fd00:10:244:$number::1"
    done
}

# end_host NAMESPACE ADDRESS ADDRESS6 GATEWAY GATEWAY6
end_host() {
    ip -n "$1" -batch - <<-END
		link set lo up
		link set eth0 up
		address add $2 dev eth0
		address add $3 dev eth0 nodad
		route add default via $4
		route add default via $5
	END
}

# serve POD: its web server, whose only page is the pod's name.
serve() {
    mkdir "$1"
    echo "$1" >"$1/index.html"
    local command="ip netns exec $1 busybox httpd -f -p 8080 -h $1"
    tell "$command &"
    $command >"$1/log" 2>&1 &
    servers+=($!)
}

pods='http://10.244.[1-3].2:8080/'

# serve_pods: the servers of all pods, and who answers at their own addresses.
serve_pods() {
    local pod
    for pod in pod1 pod2 pod3; do
        serve "$pod"
    done
    await 'each pod answers at its own address' all_pods_answer
    show "ip netns exec node curl -sSm 5 '$pods'"
    check 'each pod answers at its own address' test "${said:-}" = $'pod1\npod2\npod3'
}

# shellcheck disable=SC2317,SC2329 # called by await
all_pods_answer() {
    [[ $(ip netns exec node curl -sfm 5 "$pods") == $'pod1\npod2\npod3' ]]
}

# --- What the node's kernel has ---

# real_servers ADDRESS NUMBER: whether the virtual server has that many that take new connections.
real_servers() {
    [[ $(ip netns exec node fairlead list -n -t "$1:80" | awk '$2 ~ /^[0-9]/ && $4 > 0' | wc -l) == "$2" ]]
}

# scheduler ADDRESS: what the kernel says.
scheduler() {
    ip netns exec node ipvsadm -Ln -t "$1:80" | awk '$1 == "TCP" { print $3 }'
}
