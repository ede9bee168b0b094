# The control groups, laid out as by systemd. make_groups prints those that a login's shell would be in, and
# join_groups moves its caller there.
G=/sys/fs/cgroup
V1="cpuset cpu,cpuacct blkio memory devices freezer net_cls,net_prio perf_event hugetlb pids rdma misc"
V1_OPTIONS=nosuid,nodev,noexec
if [ "$user" = 1 ]; then
    session=user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope
    delegated=user.slice/user-1000.slice/user@1000.service
else
    session=user.slice/user-0.slice/session-1.scope
    delegated=
fi

# Whether this kernel has every controller of a list such as cpu,cpuacct.
has_controllers() {
    for one in $(echo "$1" | $B tr , ' '); do
        $B awk -v name="$one" '$1 == name && $4 == 1 { found = 1 } END { exit !found }' /proc/cgroups || return 1
    done
}

mount_v1() {
    $B mount -t tmpfs -o $V1_OPTIONS,mode=755 cgroups $G
    for list in $V1; do
        has_controllers "$list" || continue
        $B mkdir "$G/$list"
        $B mount -t cgroup -o "$V1_OPTIONS,$list" cgroup "$G/$list" || { $B rmdir "$G/$list"; continue; }
        case $list in *,*) for one in $(echo "$list" | $B tr , ' '); do $B ln -s "$list" "$G/$one"; done ;; esac
    done
    $B mkdir $G/systemd
    $B mount -t cgroup -o $V1_OPTIONS,none,name=systemd cgroup $G/systemd
    for one in memory freezer pids; do
        [ -e "$G/$one/cgroup.procs" ] || give_up "this kernel has no $one controller in v1: try --cgroup v2"
    done
}

mount_v2() {
    $B mkdir -p "$1"
    $B mount -t cgroup2 -o $V1_OPTIONS,nsdelegate,memory_recursiveprot cgroup2 "$1" ||
        $B mount -t cgroup2 -o $V1_OPTIONS,nsdelegate cgroup2 "$1"
}

# Makes $2 below $1; each group on the way hands its controllers down.
make_path() {
    at=$1
    for name in $(echo "$2" | $B tr / ' '); do
        for one in cpu memory pids; do echo "+$one" > "$at/cgroup.subtree_control"; done 2> /dev/null
        at=$at/$name
        $B mkdir -p "$at"
    done
}

# What systemd gives away with Delegate=yes: the group itself, and the files by which its owner makes groups below it.
delegate() {
    for file in "" cgroup.procs cgroup.subtree_control cgroup.threads; do $B chown 1000:1000 "$1/$file"; done
    for below in "$1"/*/; do $B chown -R 1000:1000 "$below"; done
}

make_v2_groups() {
    make_path "$1" "$session"
    [ -z "$delegated" ] || delegate "$1/$delegated"
}

make_groups() {
    case $cgroup in
        v2) mount_v2 $G && make_v2_groups $G && echo "$G/$session" ;;
        v1) mount_v1 ;;
        hybrid) mount_v1 && mount_v2 $G/unified && make_v2_groups $G/unified && echo "$G/unified/$session" ;;
    esac
    [ "$cgroup" != v2 ] || return 0
    $B mkdir -p "$G/systemd/$session"
    echo "$G/systemd/$session"
    [ "$user" = 1 ] || return 0
    for one in memory freezer pids; do
        group=$G/$one/user.slice/user-1000.slice
        $B mkdir -p "$group"
        $B chown -R 1000:1000 "$group"
        echo "$group"
    done
}

join_groups() {
    while read -r group; do
        # $$ would be the PID of the first shell, also in a subshell.
        $B sh -c 'echo $PPID > "$1/cgroup.procs"' sh "$group"
    done < /run/vm/groups
}
