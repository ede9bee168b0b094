/**
 * Where files of lib/ have gone that programs of readers may import by the names they once had: `../lib/say.ts` is
 * `../lib/lab/say.ts` now. A program that was written before is still understood.
 */

/** The old name in lib/, and the new one. */
export const MOVED: Readonly<Record<string, string>> = {
  'bundle-main.ts': 'engine/bundle-main.ts',
  'bundle.ts': 'engine/bundle.ts',
  'cgroup-v1.ts': 'group/v1.ts',
  'cgroup-v2.ts': 'group/v2.ts',
  'cgroup.ts': 'group/cgroup.ts',
  'cloneable.ts': 'engine/cloneable.ts',
  'colour.ts': 'lab/colour.ts',
  'compiler.ts': 'machine/compiler.ts',
  'delegation.ts': 'group/delegation.ts',
  'descriptors.ts': 'machine/descriptors.ts',
  'device-nodes.ts': 'mount/device-nodes.ts',
  'drafts.ts': 'tidy/drafts.ts',
  'elf.ts': 'machine/elf.ts',
  'find-program.ts': 'machine/find-program.ts',
  'flock.ts': 'tidy/flock.ts',
  'free-network.ts': 'net/free-network.ts',
  'group-directory.ts': 'group/directory.ts',
  'group-walk.ts': 'group/walk.ts',
  'group.ts': 'group/group.ts',
  'hierarchies.ts': 'group/hierarchies.ts',
  'inside.ts': 'trace/inside.ts',
  'interfaces.ts': 'net/interfaces.ts',
  'kcmp.ts': 'trace/kcmp.ts',
  'keeper.ts': 'tidy/keeper.ts',
  'kernel-version.ts': 'machine/kernel-version.ts',
  'keyring.ts': 'rights/keyring.ts',
  'kmsg.ts': 'trace/kmsg.ts',
  'knobs.ts': 'lab/knobs.ts',
  'lab.ts': 'lab/lab.ts',
  'libc.ts': 'machine/libc.ts',
  'life.ts': 'engine/life.ts',
  'limits.ts': 'rights/limits.ts',
  'links.ts': 'net/links.ts',
  'manifest.ts': 'lab/manifest.ts',
  'memory.ts': 'group/memory.ts',
  'mount-fd.ts': 'mount/detached.ts',
  'mount.ts': 'mount/mount.ts',
  'output.ts': 'machine/output.ts',
  'owner.ts': 'tidy/owner.ts',
  'pidfd.ts': 'trace/pidfd.ts',
  'plot.ts': 'lab/plot.ts',
  'poll.ts': 'machine/poll.ts',
  'prctl.ts': 'rights/prctl.ts',
  'privileges.ts': 'rights/privileges.ts',
  'proc.ts': 'trace/proc.ts',
  'ptrace.ts': 'trace/ptrace.ts',
  'pty.ts': 'lab/pty.ts',
  'remote-memory.ts': 'trace/remote-memory.ts',
  'restart.ts': 'engine/restart.ts',
  'root.ts': 'machine/root.ts',
  'rootfs.ts': 'mount/rootfs.ts',
  'say.ts': 'lab/say.ts',
  'seccomp.ts': 'trace/seccomp.ts',
  'shell.ts': 'lab/shell.ts',
  'signal-lock.ts': 'engine/signal-lock.ts',
  'strip.ts': 'lab/strip.ts',
  'systemd.ts': 'group/systemd.ts',
  'task.ts': 'lab/task.ts',
  'terminal.ts': 'lab/terminal.ts',
  'tsx-signals.ts': 'engine/tsx-signals.ts',
  'until.ts': 'machine/until.ts',
  'user-namespaces.ts': 'rights/user-namespaces.ts',
  'users.ts': 'rights/users.ts',
  'uts.ts': 'namespaces.ts',
  'without-root.ts': 'rights/without-root.ts',
}

const OLD_IMPORT = /(\bfrom |\bimport\()(['"])(\.\.?\/(?:[\w./-]*\/)?lib\/)([\w-]+\.ts)\2/g

/** The text of a program with its imports from lib/ as the files are called now. */
export function withNewNames(source: string): string {
  return source.replace(OLD_IMPORT, (all, before: string, quote: string, lib: string, name: string) => {
    const moved = MOVED[name]
    return moved === undefined ? all : `${before}${quote}${lib}${moved}${quote}`
  })
}
