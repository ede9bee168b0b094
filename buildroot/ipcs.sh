#!/bin/sh
# ipcs(1) for a busybox that was built without it, as Debian's is: the IPC objects of this namespace, from /proc.
print() {
    printf '\n------ %s --------\n%-10s %-10s %-10s %-10s\n' "$2" key "$3" owner perms
    awk 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
        { printf "0x%08x %-10s %-10s %-10s\n", $1, $2, $column["uid"], $3 }' "/proc/sysvipc/$1"
}
print msg 'Message Queues' msqid
print shm 'Shared Memory Segments' shmid
print sem 'Semaphore Arrays' semid
echo
