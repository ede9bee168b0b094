/**
 * Lab 1: what a child shares and what it copies, by kcmp(2) and by the descriptors and directories in /proc.
 */

import type { Moment, Observation, ProcessRecord, Sharing } from '../../observer/record.ts'
import type { Checker } from '../claim.ts'
import { childrenOf, unless } from '../claim.ts'

/** A child that executed no other program and whose exit was seen. */
type Child = ProcessRecord & { readonly exit: Moment }

export function plainChildren(seen: Observation): Child[] {
  return childrenOf(seen).filter((child): child is Child => child.exit !== undefined && child.programs.length === 0)
}

/** What it shared with its parent both at its birth and at its exit, or (`ever`) at one of the two. */
export function sharing({ birth, exit }: Child, how: 'always' | 'ever' = 'always'): Sharing {
  const both = (what: keyof Sharing) =>
    how === 'ever' ? birth.sharing[what] || exit.sharing[what] : birth.sharing[what] && exit.sharing[what]
  return { VM: both('VM'), FILES: both('FILES'), FS: both('FS') }
}

/** The descriptors a child closed and that its parent had. */
function closed({ birth, exit }: Child): number[] {
  return birth.descriptors.filter(fd => !exit.descriptors.includes(fd) && birth.creator.descriptors.includes(fd))
}

const moved = ({ birth, exit }: Child) => birth.directory !== exit.directory
export const parentMoved = (child: Child) => child.exit.creator.directory === child.exit.directory
const parentStayed = (child: Child) => child.exit.creator.directory === child.birth.creator.directory
export const parentLost = (child: Child) => closed(child).some(fd => !child.exit.creator.descriptors.includes(fd))
const parentKept = (child: Child) => closed(child).some(fd => child.exit.creator.descriptors.includes(fd))

function describe(child: Child): string {
  const { VM, FILES, FS } = sharing(child)
  const shared = Object.entries({ memory: VM, descriptors: FILES, directory: FS }).filter(([, is]) => is)
  const did = [closed(child).length > 0 && 'closed a file', moved(child) && 'changed directory'].filter(Boolean)
  const names = shared.map(([name]) => name).join(' and ') || 'nothing'
  return `a child that shared ${names} and ${did.join(' and ') || 'neither closed a file nor changed directory'}`
}

function describeAll(children: Child[]): string {
  return [...new Set(children.map(describe))].join('; ') || 'no child that ended without running another program'
}

/** Some child must share exactly `wanted`, close a file, change directory, and its parent must be as `parent` says. */
function refute(wanted: Sharing, parent: (child: Child) => boolean, expected: string, cause: string) {
  return (seen: Observation) => {
    const children = plainChildren(seen)
    const same = (child: Child) =>
      [sharing(child), sharing(child, 'ever')].every(shared => JSON.stringify(shared) === JSON.stringify(wanted))
    const holds = children.some(child => same(child) && closed(child).length > 0 && moved(child) && parent(child))
    return unless(holds, expected, describeAll(children), cause)
  }
}

const untouched = (child: Child) => parentStayed(child) && parentKept(child)

export const checker: Checker = [
  {
    title: 'a forked child works on a copy: its parent keeps its memory, its open file and its directory',
    section: 'fork',
    refute: refute(
      { VM: false, FILES: false, FS: false },
      untouched,
      'a child that shares nothing, closes a file it inherited and changes directory, while its parent keeps both',
      'no fork at all (a thread is no child), or the child does not close and move, or the parent does it itself',
    ),
  },
  {
    title: "a CLONE_VM child works in its parent's memory, and only the memory is shared",
    section: 'clone-vm',
    refute: refute(
      { VM: true, FILES: false, FS: false },
      untouched,
      'a child that shares the memory from its birth to its end, closes a file and changes directory, while its parent keeps both',
      'CLONE_VM is missing, CLONE_FILES or CLONE_FS came with it, or the child ran another program and so left the memory',
    ),
  },
  {
    title: 'what a CLONE_FILES child closes is closed in its parent',
    section: 'clone-files',
    refute: refute(
      { VM: false, FILES: true, FS: false },
      child => parentLost(child) && parentStayed(child),
      'a child that shares the descriptor table and nothing else, and closes a file that its parent then lacks',
      'CLONE_FILES is missing, or the child does not close anything its parent had open',
    ),
  },
  {
    title: 'where a CLONE_FS child goes, its parent goes too',
    section: 'clone-fs',
    refute: refute(
      { VM: false, FILES: false, FS: true },
      child => parentMoved(child) && parentKept(child),
      'a child that shares the directory and nothing else, and changes it for both',
      'CLONE_FS is missing, or the child does not change directory',
    ),
  },
]
