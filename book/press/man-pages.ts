/**
 * The man pages the book may name. Each stands at man7.org under its section and name; nobody can ask there while the
 * book is built, so a page gets on this list by hand, after a look.
 */

const NAMES: Readonly<Record<string, string>> = {
  1: 'dmesg kill lsns mount nsenter ps script setpriv strace su systemd-run unshare',
  2:
    '_exit bind brk capget chdir chroot clone clone3 close dup2 execve exit_group fchdir fork fsmount fsopen getpid ' +
    'getppid gettid getuid ioctl ioctl_nsfs ioctl_tty kcmp keyctl kill madvise mkdir mknod mknodat mmap mount ' +
    'mount_setattr move_mount nanosleep open open_tree pause personality pidfd_open pidfd_send_signal pipe pivot_root ' +
    'poll prctl ptrace read rmdir seccomp sendto setgroups sethostname setns setresuid setrlimit setsid setuid ' +
    'sigaction signalfd socket socketpair stat syscall syscalls umount umount2 uname unshare vfork wait waitid waitpid ' +
    'wait4 write',
  3: '_Exit cfmakeraw exec execvp exit getpagesize malloc memset posix_spawn printf sleep strerror system tcgetattr termios',
  4: 'pts veth',
  5:
    'core devpts elf os-release proc proc_cgroups proc_meminfo proc_pid_cgroup proc_pid_fd proc_pid_limits ' +
    'proc_pid_maps proc_pid_mem proc_pid_mountinfo proc_pid_mounts proc_pid_ns proc_pid_oom_score_adj proc_pid_stat ' +
    'proc_pid_status proc_pid_task proc_pid_uid_map sysfs tmpfs',
  7:
    'capabilities cgroup_namespaces cgroups credentials ipc_namespaces mount_namespaces namespaces network_namespaces ' +
    'path_resolution pid_namespaces pipe pthreads pty rtnetlink signal signal-safety sysvipc time_namespaces ' +
    'user_namespaces uts_namespaces vdso',
  8: 'bridge ip ip-address ip-link ip-netns ip-route mount ping switch_root sysctl umount',
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
