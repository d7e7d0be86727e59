# shellcheck shell=bash
#
# A kube-apiserver with its etcd, on loopback: sourced by Scripts/api-server and by tests that need one.
# packages.sh has to be sourced before.

api_server_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
api_server_root=$(cd "$api_server_lib/../.." && pwd)

# How long it may take until the API server answers; in a test kernel everything takes longer.
api_server_patience=${API_SERVER_PATIENCE:-120}

_api_server_wrong() {
    echo "${0##*/}: $1" >&2
    return 2
}

# api_server_binary: prints the path of a kube-apiserver, after building it if it must be.
api_server_binary() {
    local cache=$api_server_root/.build/kube-apiserver given=${FAIRLEAD_KUBE_APISERVER:-} beside
    if [[ -n $given ]]; then
        case $given in
        *.xz) _api_server_unpack "$given" "$cache-given" && echo "$cache-given" ;;
        *)
            [[ -x $given ]] || { _api_server_wrong "FAIRLEAD_KUBE_APISERVER is $given, which cannot be run"; return; }
            echo "$given"
            ;;
        esac
        return
    fi
    if [[ ! -x $cache ]]; then
        # A binary put beside the checkout saves the build.
        beside=$(compgen -G "$api_server_root/../shared/kube-apiserver/kube-apiserver-*.xz" | sort -V | tail -n 1 || true)
        if [[ -n $beside ]]; then
            _api_server_unpack "$beside" "$cache" || return
        else
            _api_server_build "$cache" || return
        fi
    fi
    echo "$cache"
}

# _api_server_unpack ARCHIVE PLACE: unless it is there already and not older.
_api_server_unpack() {
    [[ -r $1 ]] || { _api_server_wrong "$1 cannot be read"; return; }
    [[ ! -x $2 || $1 -nt $2 ]] || return 0
    mkdir -p "$(dirname "$2")"
    # Renamed when it is whole: another script may be about to start it.
    if ! { xz -dc "$1" >"$2.$$" && chmod +x "$2.$$" && mv "$2.$$" "$2"; }; then
        rm -f "$2.$$"
        _api_server_wrong "$1 cannot be unpacked to $2"
    fi
}

# _api_server_build PLACE: builds it from Debian's source package, which has in it all that it needs. Takes about five
# minutes on two processors, and 4 GB below the temporary directory meanwhile.
_api_server_build() {
    local place=$1 work log status=0
    require_packages dpkg-dev make gcc libc6-dev rsync 'golang-1.19-go|golang-go' || return
    work=$(mktemp -d "${TMPDIR:-/tmp}/kube-apiserver.XXXXXX")
    log=$work/log
    echo "${0##*/}: building kube-apiserver from Debian's source package, once; what it says is in $log" >&2
    (
        set -e
        cd "$work"
        # Lists of their own: sources of this machine are left as they are, and may well have no source packages.
        mkdir -p lists/partial cache/archives/partial
        keys=/usr/share/keyrings/debian-archive-keyring.gpg
        printf 'deb-src [signed-by=%s] %s %s main\n' \
            "$keys" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" bookworm \
            "$keys" "${DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}" bookworm-security >sources.list
        own=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
            -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
        apt-get "${own[@]}" -qq update
        apt-get "${own[@]}" -qq --download-only source kubernetes
        dpkg-source --no-check -x ./*.dsc source
        cd source
        unset GOFLAGS GOROOT
        export PATH=/usr/lib/go-1.19/bin:$PATH HOME=$work GOPATH=$work/go GOCACHE=$work/go-cache GOTOOLCHAIN=local
        # It asks git for the version, and would find that of whatever this directory is in.
        export KUBE_GIT_VERSION_FILE=$work/version GO111MODULE=off
        version=$(dpkg-parsechangelog -S Version | sed -E 's/.*really//; s/[-+~].*//')
        printf "KUBE_GIT_COMMIT='debian'\nKUBE_GIT_TREE_STATE='archive'\nKUBE_GIT_VERSION='v%s'\nKUBE_GIT_MAJOR='%s'\nKUBE_GIT_MINOR='%s'\n" \
            "$version" "$(cut -d. -f1 <<<"$version")" "$(cut -d. -f2 <<<"$version")" >"$KUBE_GIT_VERSION_FILE"
        make WHAT=cmd/kube-apiserver
        mkdir -p "$(dirname "$place")"
        cp _output/local/bin/*/*/kube-apiserver "$place.$$" || cp _output/bin/kube-apiserver "$place.$$"
        mv "$place.$$" "$place"
    ) >"$log" 2>&1 || status=$?
    if ((status)); then
        tail -n 5 "$log" >&2
        _api_server_wrong "kube-apiserver cannot be built (more is in $log); set FAIRLEAD_KUBE_APISERVER to one"
        return
    fi
    rm -rf "$work"
}

# api_server_start DIR: prints the path of the kubeconfig. The environment is that of Scripts/api-server.
api_server_start() {
    local dir=$1 binary port=${PORT:-16443} etcd_port=${ETCD_PORT:-23790} token extra=()
    require_api_server_packages || return
    mkdir -p "$dir/certs"
    dir=$(cd "$dir" && pwd)
    if _api_server_runs "$dir" kube-apiserver || _api_server_runs "$dir" etcd; then
        _api_server_wrong "there is one already with the state $dir; stop it first"
        return
    fi
    binary=$(api_server_binary) || return
    [[ ${KEEP:-0} == 1 ]] || rm -rf "$dir/etcd"
    mkdir -p "$dir/etcd"
    chmod 700 "$dir" "$dir/etcd"
    local name
    for name in PORT ETCD_PORT SERVICE_CIDR AUTHORIZATION_MODE APISERVER_ARGS; do
        [[ -z ${!name:-} ]] || printf '%s=%q\n' "$name" "${!name}"
    done >"$dir/settings"
    _api_server_credentials "$dir" || return
    token=$(<"$dir/token")

    ! etcd --help 2>&1 | grep -q -- --unsafe-no-fsync || extra+=(--unsafe-no-fsync)
    _api_server_spawn "$dir" etcd etcd --name test --data-dir "$dir/etcd" "${extra[@]}" \
        --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
        --listen-peer-urls "http://127.0.0.1:$((etcd_port + 1))" \
        --initial-advertise-peer-urls "http://127.0.0.1:$((etcd_port + 1))" \
        --initial-cluster "test=http://127.0.0.1:$((etcd_port + 1))"

    # --insecure-port: before 1.24 there is a second, unprotected one at 8080 by default; later there is no such flag.
    extra=()
    ! "$binary" --help 2>&1 | grep -q -- '--insecure-port ' || extra+=(--insecure-port=0)
    # No endpoints for itself: the address would have to be no loopback address.
    # shellcheck disable=SC2086 # one word per argument is wanted
    _api_server_spawn "$dir" kube-apiserver "$binary" "${extra[@]}" \
        --bind-address=127.0.0.1 --secure-port="$port" --cert-dir="$dir/certs" \
        --advertise-address=192.0.2.1 --endpoint-reconciler-type=none \
        --etcd-servers="http://127.0.0.1:$etcd_port" \
        --token-auth-file="$dir/tokens.csv" --anonymous-auth=false \
        --authorization-mode="${AUTHORIZATION_MODE:-AlwaysAllow}" \
        --allow-privileged=true --service-cluster-ip-range="${SERVICE_CIDR:-10.96.0.0/16}" --disable-admission-plugins=ServiceAccount \
        --service-account-issuer=https://kubernetes.default.svc \
        --service-account-key-file="$dir/certs/sa.pub" --service-account-signing-key-file="$dir/certs/sa.key" \
        ${APISERVER_ARGS:-}

    (umask 077 && cat >"$dir/kubeconfig") <<END
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://127.0.0.1:$port", certificate-authority: "$dir/certs/apiserver.crt"}}]
users: [{name: admin, user: {token: "$token"}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
current-context: test
END
    if ! _api_server_await "$dir" "$port" "$token"; then
        api_server_stop "$dir"
        return 1
    fi
    echo "$dir/kubeconfig"
}

_api_server_credentials() {
    local certs=$1/certs
    if [[ ! -f $certs/sa.pub ]]; then
        (umask 077 && openssl genrsa -out "$certs/sa.key" 2048 2>/dev/null) &&
            openssl rsa -in "$certs/sa.key" -pubout -out "$certs/sa.pub" 2>/dev/null || {
            _api_server_wrong "openssl cannot make a key in $certs"
            return
        }
    fi
    (
        umask 077
        [[ -f $1/token ]] || openssl rand -hex 16 >"$1/token"
        printf '%s,admin,admin,"system:masters"\n' "$(<"$1/token")" >"$1/tokens.csv"
    )
}

# _api_server_spawn DIR NAME COMMAND…: in a session of its own, so that an interrupt at the terminal does not end it.
_api_server_spawn() {
    local dir=$1 name=$2
    shift 2
    setsid nohup "$@" </dev/null >"$dir/$name.log" 2>&1 &
    echo $! >"$dir/$name.pid"
}

# _api_server_runs DIR NAME: whether the recorded process is there and is still that program, whose arguments have
# the directory in them: numbers of processes are used again.
_api_server_runs() {
    local pid
    [[ -s $1/$2.pid ]] && pid=$(<"$1/$2.pid") && grep -qF -- "$1/" "/proc/$pid/cmdline" 2>/dev/null
}

_api_server_await() {
    local dir=$1 port=$2 token=$3 deadline=$((SECONDS + api_server_patience)) name
    while :; do
        if [[ -s $dir/certs/apiserver.crt ]] &&
            [[ $(curl -s --cacert "$dir/certs/apiserver.crt" --max-time 5 -H "Authorization: Bearer $token" \
                "https://127.0.0.1:$port/readyz" 2>/dev/null) == ok ]]; then
            return 0
        fi
        for name in etcd kube-apiserver; do
            if [[ ! -d /proc/$(<"$dir/$name.pid") ]]; then
                tail -n 5 "$dir/$name.log" >&2
                _api_server_wrong "$name ended (all that it said is in $dir/$name.log)"
                return
            fi
        done
        if ((SECONDS >= deadline)); then
            _api_server_wrong "the API server is not ready after $api_server_patience seconds ($dir/kube-apiserver.log)"
            return
        fi
        sleep 0.2
    done
}

# api_server_stop DIR: ends both, the API server first. What they stored stays.
api_server_stop() {
    local dir name pid attempt
    dir=$(cd "$1" 2>/dev/null && pwd) || { _api_server_wrong "there is no directory $1"; return; }
    for name in kube-apiserver etcd; do
        if _api_server_runs "$dir" "$name"; then
            pid=$(<"$dir/$name.pid")
            kill -TERM "$pid" 2>/dev/null || true
            # The API server waits for requests that go on, and a watch goes on for long.
            for ((attempt = 0; attempt < 50; attempt++)); do
                _api_server_runs "$dir" "$name" || break
                sleep 0.1
            done
            ! _api_server_runs "$dir" "$name" || kill -KILL "$pid" 2>/dev/null || true
            while _api_server_runs "$dir" "$name"; do sleep 0.1; done
        fi
        rm -f "$dir/$name.pid"
    done
}

# api_server_restart DIR: with what is stored, and with the settings it was started with.
api_server_restart() {
    api_server_stop "$1" || return
    (
        if [[ -r $1/settings ]]; then
            # shellcheck source=/dev/null
            source "$1/settings"
        fi
        KEEP=1 api_server_start "$1"
    )
}
