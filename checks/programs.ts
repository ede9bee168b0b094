/**
 * The programs on which the checkers are tried. Right ones, in other languages and in their own idiom, must pass; each
 * wrong one must be refused by the claim named here, so that the message a learner reads is the right one.
 */
import { checker as lab1 } from './01-fork-vs-clone.ts'
import { checker as lab2 } from './02-newpid.ts'
import { checker as lab3 } from './03-newnet.ts'
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
const [, LEFT] = titles(EVERY_LAB) as [string, string]

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
    'lab2/wrong/probe-only.sh': [OUTSIDE],
    'lab2/wrong/nobodys-number.sh': [OUTSIDE],
    'lab2/wrong/kills-itself.sh': [KILLS],
    'lab2/wrong/killed-from-outside.py': [KILLS],
    'lab2/wrong/terminates.sh': [KILLS],
    'lab2/wrong/kills-everybody.sh': [KILLS, OUTLIVE],
    'lab2/wrong/ends-too-early.sh': [OUTLIVE],
    'lab2/wrong/failing-children.sh': [OUTLIVE],
  },
  '03-newnet': {
    'lab3/right/newnet.c': [],
    'lab3/right/newnet.py': [],
    'lab3/right/newnet.sh': [],
    'lab3/wrong/prints-only.sh': [NET, LINKS, PEER, ADDRESSES, PING, LOSS],
    'lab3/wrong/no-namespace.sh': [NET, LINKS, PEER, ADDRESSES, PING, LOSS],
    'lab3/wrong/extra-link.sh': [LINKS],
    'lab3/wrong/outside-down.sh': [ADDRESSES, PING, LOSS],
    'lab3/wrong/outside-without-address.sh': [ADDRESSES, PING, LOSS],
    'lab3/wrong/loopback.sh': [PING],
    'lab3/wrong/own-address.sh': [PING],
    'lab3/wrong/local-answer.sh': [PING],
    'lab3/wrong/one-ping.sh': [PING],
    'lab3/wrong/pinged-from-outside.sh': [PING, LOSS],
    'lab3/wrong/both-ping-themselves.sh': [PING],
    'lab3/wrong/left-behind.sh': [LEFT],
  },
}

export const SPECIMENS: readonly Specimen[] = Object.entries(TABLE).flatMap(([slug, programs]) =>
  Object.entries(programs).map(([path, refusedBy]) => ({ slug, path, refusedBy })),
)
