/**
 * Which users of the machine the users of a sandbox are: root is one without any privilege.
 */
import { lstatSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { knowsFewUsers } from '../../lib/machine/self.ts'
import { getpid } from '../../lib/process.ts'
import type { IdRange } from '../../lib/rights/users.ts'

/** From here to 2³¹ no distribution assigns users; each sandbox takes its own 65,536. */
const FIRST_USER = 0x70000000
const USERS = 0x10000
const SLOTS = 4096
/** Below that, single users whose number on the machine is above 65,535. */
const FIRST_EXTRA = 0x6fff0000
const EXTRAS = 16

/** The users of one sandbox. */
export interface SandboxUsers {
  readonly ranges: readonly IdRange[]
  /** The ID on the machine of user N of the sandbox. */
  readonly outside: (user: number) => number
  /** Whether root is the only user, and stands for the user who started the check without being root on the machine. */
  readonly isSingle: boolean
}

const SINGLE: SandboxUsers = { ranges: [{ inside: 0, outside: 0, count: 1 }], outside: () => 0, isSingle: true }

/** A directory and all above it. */
export function withParents(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [...withParents(parent), path]
}

/**
 * Chooses the users of a sandbox that the calling process makes.
 * @param paths what the program has to reach: the owners of these files are mapped, too
 */
export function chooseUsers(paths: readonly string[]): SandboxUsers {
  if (knowsFewUsers()) return SINGLE
  const slot = getpid() % SLOTS
  const first = FIRST_USER + slot * USERS
  const chain = [...new Set(paths.flatMap(withParents))]
  const owners = chain.flatMap(path => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    return found ? [found.uid, found.gid] : []
  })
  const extra = [...new Set(owners)].filter(id => id >= USERS).slice(0, EXTRAS)
  const ranges = [
    { inside: 0, outside: first, count: USERS },
    ...extra.map((inside, i) => ({ inside, outside: FIRST_EXTRA + slot * EXTRAS + i, count: 1 })),
  ]
  const outside = (user: number) => {
    const range = ranges.find(({ inside, count }) => user >= inside && user < inside + count)
    return range ? range.outside + user - range.inside : first
  }
  return { ranges, outside, isSingle: false }
}

/** Permissions of a directory, links followed; `undefined` if there is none. */
export function directoryMode(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() ? found.mode & 0o7777 : undefined
}
