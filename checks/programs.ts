/**
 * The programs on which the checkers are tried. Right ones, in other languages and in their own idiom, must pass; each
 * wrong one must be refused by the claim named here, so that the message a learner reads is the right one.
 */
import { checker as lab1 } from './01-fork-vs-clone.ts'
import { checker as lab2 } from './02-newpid.ts'
import { checker as lab3 } from './03-newnet.ts'
import { checker as lab4 } from './04-newns.ts'
import { checker as lab5 } from './05-memory-oom.ts'
import { checker as lab6 } from './06-freezer.ts'
import { type Checker, EVERY_LAB } from './claims.ts'

/** One program below checks/programs/. */
export interface Specimen {
  readonly slug: string
  readonly path: string
  /** Titles of the claims that must refuse it, all of them and no other; none for a right program. */
  readonly refusedBy: readonly string[]
}

const titles = (checker: Checker) => checker.map(({ title }) => title)
const [FORKED, MEMORY, FILES, DIRECTORY] = titles(lab1) as [string, string, string, string]
const [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE, END] = titles(lab2) as [string, string, string, string, string, string]
const [NET, LINKS, PEER, ADDRESSES, PING, LOSS] = titles(lab3) as [string, string, string, string, string, string]
const [NAMESPACES, ROOT, NAME, PROC, ENDS, TYPED, VISIBLE] = titles(lab4) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
]
const [GROUP, LIMIT, COUNTER, LOG, SIGNAL, PEAK, ALONE] = titles(lab5) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
]
const [WORKED, FROZEN, STILL, FREEZER, SAME] = titles(lab6) as [string, string, string, string, string]
const [, , LEFT] = titles(EVERY_LAB) as [string, string, string]

const TABLE: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '01-fork-vs-clone': {
    'lab1/right/fork-vs-clone.c': [],
    'lab1/right/fork_vs_clone.py': [],
    'lab1/wrong/prints-only.sh': [FORKED, MEMORY, FILES, DIRECTORY],
    'lab1/wrong/threads.c': [FORKED, MEMORY, FILES, DIRECTORY],
    'lab1/wrong/four-forks.py': [MEMORY, FILES, DIRECTORY],
    'lab1/wrong/parent-acts.py': [FILES, DIRECTORY],
    'lab1/wrong/files-left-open.py': [FILES],
    'lab1/wrong/own-descriptor.py': [FILES],
    'lab1/wrong/stays-put.py': [DIRECTORY],
    'lab1/wrong/vfork-exec.py': [MEMORY],
    'lab1/wrong/memory-shares-all.py': [MEMORY],
    'lab1/wrong/memory-always-shared.py': [FILES, DIRECTORY],
    'lab1/wrong/directory-removed.py': [DIRECTORY],
    'lab1/wrong/parent-moves-too.py': [FORKED],
    'lab1/wrong/not-waited.py': [FORKED],
    'lab1/wrong/unshared-later.c': [FORKED, MEMORY, FILES, DIRECTORY],
    'lab1/wrong/forged-report.py': [FORKED, MEMORY, FILES, DIRECTORY, LEFT],
    'lab1/wrong/left-behind.sh': [LEFT],
  },
  '02-newpid': {
    'lab2/right/newpid.c': [],
    'lab2/right/newpid.py': [],
    'lab2/right/newpid.sh': [],
    'lab2/right/sigqueue.c': [],
    'lab2/wrong/prints-only.sh': [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE, END],
    'lab2/wrong/no-namespace.sh': [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE, END],
    'lab2/wrong/kills-forkers.c': [PID1, CHILDREN, OUTSIDE, KILLS, OUTLIVE, END],
    'lab2/wrong/two-children.sh': [CHILDREN, OUTLIVE],
    'lab2/wrong/grandchildren.py': [CHILDREN, OUTLIVE],
    'lab2/wrong/never-asks.sh': [OUTSIDE],
    'lab2/wrong/earlier-number.sh': [OUTSIDE],
    'lab2/wrong/probe-only.sh': [OUTSIDE],
    'lab2/wrong/nobodys-number.sh': [OUTSIDE],
    'lab2/wrong/kills-itself.sh': [KILLS],
    'lab2/wrong/killed-from-outside.py': [KILLS],
    'lab2/wrong/terminates.sh': [KILLS],
    'lab2/wrong/kills-three.sh': [KILLS, OUTLIVE],
    'lab2/wrong/left-behind.sh': [LEFT],
    'lab2/wrong/kills-everybody.sh': [KILLS, OUTLIVE],
    'lab2/wrong/ends-too-early.sh': [OUTLIVE],
    'lab2/wrong/failing-children.sh': [OUTLIVE],
  },
  '03-newnet': {
    'lab3/right/newnet.c': [],
    'lab3/right/newnet.py': [],
    'lab3/right/newnet.sh': [],
    'lab3/right/ip-netns.sh': [],
    'lab3/wrong/prints-only.sh': [NET, LINKS, PEER, ADDRESSES, PING, LOSS],
    'lab3/wrong/no-namespace.sh': [NET, LINKS, PEER, ADDRESSES, PING, LOSS],
    'lab3/wrong/extra-link.sh': [LINKS],
    'lab3/wrong/inside-down.sh': [ADDRESSES, PING, LOSS],
    'lab3/wrong/outside-down.sh': [ADDRESSES, PING, LOSS],
    'lab3/wrong/outside-without-address.sh': [ADDRESSES, PING, LOSS],
    'lab3/wrong/loopback.sh': [PING],
    'lab3/wrong/own-address.sh': [PING],
    'lab3/wrong/local-answer.sh': [PING],
    'lab3/wrong/one-ping.sh': [PING],
    'lab3/wrong/pinged-from-outside.sh': [PING, LOSS],
    'lab3/wrong/both-ping-themselves.sh': [PING],
    'lab3/wrong/third-network.sh': [PING],
    'lab3/wrong/left-behind.sh': [LEFT],
  },
  '04-newns': {
    'lab4/right/newns.c': [],
    'lab4/right/newns.py': [],
    'lab4/right/newns.sh': [],
    'lab4/right/own-terminal.py': [],
    'lab4/right/pivot-root.c': [],
    'lab4/wrong/copied-root.sh': [ROOT],
    'lab4/wrong/decoy.sh': [TYPED],
    'lab4/wrong/ends-at-once.sh': [TYPED],
    'lab4/wrong/every-code.sh': [TYPED],
    'lab4/wrong/inside-without-address.sh': [ENDS],
    'lab4/wrong/name-outside-too.sh': [VISIBLE],
    'lab4/wrong/no-chdir.sh': [ROOT],
    'lab4/wrong/no-chroot.sh': [ROOT],
    'lab4/wrong/no-ipc.sh': [NAMESPACES],
    'lab4/wrong/no-mount-namespace.sh': [NAMESPACES, VISIBLE],
    'lab4/wrong/left-behind.sh': [LEFT],
    'lab4/wrong/no-name.sh': [NAME],
    'lab4/wrong/no-net.sh': [NAMESPACES, ENDS],
    'lab4/wrong/no-pid.sh': [NAMESPACES],
    'lab4/wrong/no-proc.sh': [PROC],
    'lab4/wrong/no-shell.py': [TYPED],
    'lab4/wrong/no-uts.sh': [NAMESPACES, VISIBLE],
    'lab4/wrong/on-loopback.sh': [ENDS],
    'lab4/wrong/outer-proc.sh': [PROC],
    'lab4/wrong/outside-down.sh': [ENDS],
    'lab4/wrong/prints-only.sh': [NAMESPACES, ROOT, NAME, PROC, ENDS, TYPED, VISIBLE],
    'lab4/wrong/proc-over-proc.sh': [VISIBLE],
    'lab4/wrong/shared-mounts.sh': [VISIBLE],
    'lab4/wrong/swallowed.sh': [TYPED],
    'lab4/wrong/two-pairs.sh': [ENDS],
  },
  '05-memory-oom': {
    'lab5/right/oom.c': [],
    'lab5/right/oom.py': [],
    'lab5/right/oom.sh': [],
    'lab5/right/cgroup-tools.sh': [],
    'lab5/wrong/bystander.sh': [GROUP],
    'lab5/wrong/forged-log.py': [COUNTER, LOG, SIGNAL, PEAK],
    'lab5/wrong/killed-by-parent.py': [COUNTER, LOG, SIGNAL, PEAK],
    'lab5/wrong/late-limit.py': [LIMIT],
    'lab5/wrong/left-behind.sh': [LEFT],
    'lab5/wrong/lowered-late.py': [LIMIT],
    'lab5/wrong/mebibytes.sh': [LIMIT],
    'lab5/wrong/nobody-inside.sh': [GROUP, COUNTER, LOG, SIGNAL, PEAK],
    'lab5/wrong/parent-joins.sh': [GROUP],
    'lab5/wrong/prints-only.sh': [GROUP, LIMIT, COUNTER, LOG, SIGNAL, PEAK],
    'lab5/wrong/raised-limit.py': [LIMIT],
    'lab5/wrong/rlimit.py': [LIMIT, COUNTER, LOG, SIGNAL, PEAK],
    'lab5/wrong/second-group.sh': [ALONE],
    'lab5/wrong/stops-short.py': [COUNTER, LOG, SIGNAL, PEAK],
    'lab5/wrong/ten-times.sh': [LIMIT],
    'lab5/wrong/twice.sh': [GROUP, COUNTER, ALONE],
    'lab5/wrong/two-victims.sh': [GROUP, COUNTER, ALONE],
  },
  '06-freezer': {
    'lab6/right/freezer.c': [],
    'lab6/right/freezer.py': [],
    'lab6/right/freezer.sh': [],
    'lab6/right/shell-loop.sh': [],
    'lab6/right/threads.py': [],
    'lab6/right/cgroup-tools.sh': [],
    'lab6/wrong/empty-group.sh': [WORKED, FROZEN, STILL, FREEZER, SAME],
    'lab6/wrong/idle.sh': [WORKED, SAME],
    'lab6/wrong/killed-at-thaw.sh': [SAME],
    'lab6/wrong/killed-soon.sh': [SAME],
    'lab6/wrong/left-behind.sh': [LEFT],
    'lab6/wrong/left-frozen.sh': [SAME, LEFT],
    'lab6/wrong/moved-out.sh': [FROZEN, STILL],
    'lab6/wrong/never-thawed.sh': [SAME],
    'lab6/wrong/no-work-before.sh': [WORKED],
    'lab6/wrong/prints-only.sh': [WORKED, FROZEN, STILL, FREEZER, SAME],
    'lab6/wrong/replaced.sh': [SAME],
    'lab6/wrong/sleeps-by-itself.py': [FROZEN, STILL, FREEZER, SAME],
    'lab6/wrong/stop-signal.sh': [FROZEN, STILL, FREEZER, SAME],
    'lab6/wrong/stopped-and-frozen.sh': [FREEZER],
    'lab6/wrong/stopped-by-tkill.py': [FREEZER],
    'lab6/wrong/thawed-at-once.sh': [FROZEN],
    'lab6/wrong/timer-stop.c': [FREEZER],
    'lab6/wrong/too-short.sh': [FROZEN],
    'lab6/wrong/two-groups.sh': [WORKED, SAME],
    'lab6/wrong/zombie.py': [FROZEN, STILL, FREEZER, SAME],
  },
}

export const SPECIMENS: readonly Specimen[] = Object.entries(TABLE).flatMap(([slug, programs]) =>
  Object.entries(programs).map(([path, refusedBy]) => ({
    slug,
    path,
    refusedBy,
  })),
)
