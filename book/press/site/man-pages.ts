/**
 * The man pages that the book may name. Each stands at man7.org under its section and name. The build does not use the
 * network, so a page is added to this list by hand after a look at that site.
 */

const NAMES: Readonly<Record<string, string>> = {
  1:
    'chroot dmesg kill man newuidmap nsenter pgrep ps script setpriv strace su systemd-cgls systemd-cgtop systemd-run time ' +
    'unshare',
  2:
    '_exit access bind brk capget capset chdir chmod chown chroot clone clone3 close connect dup2 epoll_wait execve ' +
    'exit_group fchdir fork fsconfig fsmount fsopen futex getpagesize getpgid getpid getppid getrandom getresuid gettid getuid ioctl ' +
    'ioctl_nsfs ioctl_tty kcmp keyctl kill lseek madvise memfd_create mkdir mknod mknodat mlock mmap mount ' +
    'mount_setattr move_mount mprotect munmap nanosleep open open_tree openat pause personality pidfd_open ' +
    'pidfd_send_signal pipe pivot_root poll prctl ptrace read reboot rmdir sched_setaffinity sched_yield seccomp ' +
    'select sendto setgid setgroups sethostname setns setpgid setresuid setrlimit setsid setuid sigaction ' +
    'signalfd sigprocmask socket socketpair stat statfs swapon symlink sync syscall syscalls sysinfo tgkill ' +
    'timerfd_create umask umount umount2 uname unlink unshare userfaultfd vfork wait wait4 waitid waitpid write',
  3:
    'abort atexit cfmakeraw dlopen exec execvp exit fflush free malloc memset openpty ' +
    'posix_spawn printf pthread_atfork pthread_create setjmp sleep strerror sysconf system tcgetattr termios',
  4: 'console_codes loop null pts tty veth',
  5:
    'core elf group hosts os-release passwd proc proc_cgroups proc_loadavg proc_meminfo proc_pid_cgroup ' +
    'proc_pid_fd proc_pid_limits proc_pid_maps proc_pid_mem proc_pid_mountinfo proc_pid_mounts proc_pid_ns ' +
    'proc_pid_oom_score_adj proc_pid_root proc_pid_smaps proc_pid_stat proc_pid_status proc_pid_task ' +
    'proc_pid_uid_map proc_sys_kernel resolv.conf subgid subuid sysfs systemd.resource-control tmpfs',
  7:
    'arp capabilities cgroup_namespaces cgroups cpuset credentials epoll icmp inotify ip ipc_namespaces ' +
    'mount_namespaces namespaces netdevice netlink network_namespaces path_resolution pid_namespaces pipe ' +
    'pthreads pty raw rtnetlink sched session-keyring signal signal-safety socket sysvipc time_namespaces unix ' +
    'user_namespaces uts_namespaces vdso xattr',
  8:
    'bridge ip ip-address ip-link ip-neighbour ip-netns ip-route ld.so lsns mount nft ping pivot_root switch_root sysctl tc ' +
    'umount',
}

const LISTED = new Set(
  Object.entries(NAMES).flatMap(([section, names]) => names.split(' ').map(name => `${name}(${section})`)),
)

/** How a man page is named in a text. */
export const MAN_PAGE = /(?<![\w.])([A-Za-z_][\w.-]*)\(([1-8])\)/g

/** Where a man page is; `undefined` for one that is not listed. */
export function manPageAddress(name: string, section: string): string | undefined {
  if (!LISTED.has(`${name}(${section})`)) return undefined
  return `https://man7.org/linux/man-pages/man${section}/${name}.${section}.html`
}
