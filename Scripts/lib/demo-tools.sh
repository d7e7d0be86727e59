# shellcheck shell=bash
#
# Showing and checking, for demo-stage.sh and demo-cluster.sh.

strong='' good='' bad='' plain=''
if [[ -n ${FAIRLEAD_DEMO_COLOUR:-} ]]; then
    strong=$'\e[1m' good=$'\e[32m' bad=$'\e[1;31m' plain=$'\e[0m'
fi

steps=0
checks=0

# heading TITLE, with the explanation on standard input.
heading() {
    steps=$((steps + 1))
    printf '\n%s%s. %s%s\n\n' "$strong" "$steps" "$1" "$plain"
    cat
    echo
}

# A sentence between commands, on standard input.
say() {
    echo
    cat
    echo
}

# tell COMMAND: prints the command that is run.
tell() {
    printf '%s$ %s%s\n' "$strong" "$1" "$plain"
}

# show COMMAND: prints the command, runs it in this shell and prints what it says. Sets `said` to that, and `code` to
# its exit status.
# shellcheck disable=SC2034 # code is for the caller
show() {
    tell "$1"
    code=0
    eval "$1" >said 2>&1 || code=$?
    said=$(<said)
    [[ -z $said ]] || indented <said
    # Some end without a line feed.
    [[ -z $(tail -c 1 said) ]] || echo
}

indented() {
    sed 's/^/    /'
}

# right SENTENCE: a check that came out well.
right() {
    checks=$((checks + 1))
    printf '  %s[ok]%s %s\n' "$good" "$plain" "$1"
}

# wrong SENTENCE: a check that did not. It ends the demo.
wrong() {
    trap - ERR
    if [[ -s fairlead.log ]]; then
        printf '\nThe last lines of Fairlead'\''s log:\n'
        tail -n 20 fairlead.log | indented
    fi
    printf '\n%sThe demo failed%s in step %s: %s\n' "$bad" "$plain" "$steps" "$1"
    exit 1
}

# check SENTENCE COMMAND…: the sentence says what the command asks.
check() {
    local sentence=$1
    shift
    "$@" || wrong "this should be so, but is not: $sentence."
    right "$sentence"
}

# How long await does, in seconds.
patience=30

# await SENTENCE COMMAND…: waits until the command succeeds.
await() {
    local sentence=$1 deadline=$((SECONDS + patience))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || wrong "for $patience seconds this did not come true: $sentence."
        # A daemon that ended brings nothing about any more.
        [[ -z $daemon ]] || kill -0 "$daemon" 2>/dev/null || wrong 'Fairlead has ended though nobody stopped it.'
        sleep 0.1
    done
}

# --- The stage, and the daemon on it ---

stage=/run/fairlead-demo
daemon=
servers=()

# Makes the stage the current directory, with the Fairlead to show in the path, and has it cleared in the end.
enter_stage() {
    export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C
    mkdir -p "$stage/bin"
    cd "$stage" || exit
    ln -s "$FAIRLEAD_BINARY" bin/fairlead
    PATH=$stage/bin:$PATH
    trap clean_up EXIT
    trap 'wrong "a command of the demo failed (line $LINENO of ${BASH_SOURCE[0]##*/}): $BASH_COMMAND"' ERR
}

# shellcheck disable=SC2317,SC2329 # called by the trap
clean_up() {
    kill ${daemon:+"$daemon"} "${servers[@]}" 2>/dev/null || true
}

# launch COMMAND: starts it as the daemon, and waits until that serves.
launch() {
    tell "$1 >>fairlead.log 2>&1 &"
    $1 >>fairlead.log 2>&1 &
    daemon=$!
    await 'Fairlead says that it serves' logged ' served by '
    show_log
}

# The log without the time; only what is new since the last call.
log_seen=0
show_log() {
    show "tail -n +$((log_seen + 1)) fairlead.log | cut -d ' ' -f 2-"
    log_seen=$((log_seen + $(wc -l <said)))
}

logged() {
    tail -n "+$((log_seen + 1))" fairlead.log | grep -q -- "$1"
}

# --- Requests, and who answers them ---

declare -A answers=()
total=0
: "${mode:=ipvs}" # set by the stage

# count_answers: counts the pods' names in `said`, by pod in `answers` and together in `total`.
count_answers() {
    local word
    answers=([pod1]=0 [pod2]=0 [pod3]=0)
    total=0
    for word in $said; do
        [[ $word == pod[123] ]] || continue
        answers[$word]=$((answers[$word] + 1))
        total=$((total + 1))
    done
}

# ask NAMESPACE ADDRESS NUMBER: that many requests, and a bar for each pod.
#
# curl makes them one after the other. The pods close each connection after one answer, so each request is a connection
# of its own for the load balancer.
ask() {
    asked=$3
    local command="ip netns exec $1 curl -sSm 5 'http://$2/?[1-$3]' | paste -sd ' '"
    (($3 <= 12)) || command+=' | fold -sw 60'
    show "$command"
    count_answers
    local pod bar
    for pod in pod1 pod2 pod3; do
        printf -v bar '%*s' "${answers[$pod]}" ''
        printf '    %s %3d%s\n' "$pod" "${answers[$pod]}" "${bar:+  $good${bar// /#}$plain}"
    done
}

counted() {
    echo "pod1 gave ${answers[pod1]}, pod2 ${answers[pod2]} and pod3 ${answers[pod3]} of $asked answers"
}

# even POD…: these gave all answers, each as many as the others; where the kernel draws lots, each some.
even() {
    if [[ $mode == iptables ]]; then
        each_of "$@"
        return
    fi
    local pod share=$((asked / $#))
    for pod in "$@"; do
        ((answers[$pod] == share)) || wrong "each of $* should have given $share answers, but $(counted)."
    done
    all_from "$@"
    right "$share answers from each of $*"
}

# one_pod: a single pod gave all answers.
one_pod() {
    local pod
    for pod in pod1 pod2 pod3; do
        ((answers[$pod] != asked)) || {
            right "all $asked answers from one pod, $pod"
            return
        }
    done
    wrong "one pod should have given all answers, but $(counted)."
}

# each_of POD…: all requests were answered, by these and by nobody else, and each of them had a part in it.
each_of() {
    local pod
    for pod in "$@"; do
        ((answers[$pod])) || wrong "each of $* should have given some answers, but $(counted)."
    done
    all_from "$@"
    if (($# == 1)); then
        right "$asked answers, all from $1"
    else
        right "$asked answers, from each of $* and from nobody else"
    fi
}

# all_from POD…: all requests were answered, and nobody else did.
all_from() {
    local pod sum=0
    for pod in "$@"; do
        sum=$((sum + answers[$pod]))
    done
    ((sum == asked && total == asked)) || wrong "only $* should have answered, and all requests, but $(counted)."
}

# every_pod: all requests were answered, and each pod had a part in it.
every_pod() {
    ((total == asked && answers[pod1] && answers[pod2] && answers[pod3])) ||
        wrong "all requests should have been answered, and by all three pods, but $(counted)."
    right "$asked answers, and all three pods took part"
}
