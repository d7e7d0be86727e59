# shellcheck shell=bash
#
# Showing and checking, for demo-stage.sh.

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

# show COMMAND: prints the command, runs it in this shell and prints what it says. Sets `said` to that, and `code` to
# its exit status.
# shellcheck disable=SC2034 # code is for the caller
show() {
    printf '%s$ %s%s\n' "$strong" "$1" "$plain"
    code=0
    eval "$1" >said 2>&1 || code=$?
    said=$(<said)
    [[ -z $said ]] || indented <said
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

# await SENTENCE COMMAND…: waits until the command succeeds.
await() {
    local sentence=$1 deadline=$((SECONDS + 30))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || wrong "for 30 seconds this did not come true: $sentence."
        # A daemon that ended brings nothing about any more.
        [[ -z $daemon ]] || kill -0 "$daemon" 2>/dev/null || wrong 'Fairlead has ended though nobody stopped it.'
        sleep 0.1
    done
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
    local pod share=$((asked / $#))
    if [[ $mode == iptables ]]; then
        for pod in "$@"; do
            ((answers[$pod])) || wrong "each of $* should have given some answers, but $(counted)."
        done
    else
        for pod in "$@"; do
            ((answers[$pod] == share)) || wrong "each of $* should have given $share answers, but $(counted)."
        done
    fi
    ((total == asked)) || wrong "only $* should have answered, but $(counted)."
    if [[ $mode == iptables ]]; then
        right "$asked answers, from each of $* and from nobody else"
    else
        right "$share answers from each of $*"
    fi
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

# every_pod: all requests were answered, and each pod had a part in it.
every_pod() {
    ((total == asked && answers[pod1] && answers[pod2] && answers[pod3])) ||
        wrong "all requests should have been answered, and by all three pods, but $(counted)."
    right "$asked answers, and all three pods took part"
}
