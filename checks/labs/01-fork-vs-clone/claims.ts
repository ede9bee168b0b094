/**
 * Lab 1: what a child shares and what it copies, by kcmp(2) and by the descriptors and directories in /proc.
 */
import { NOTHING } from '../../observer/moment.ts'
import type { Sharing } from '../../observer/record.ts'
import type { Checker } from '../claim.ts'
import { unless, unlessUnderWay } from '../claim.ts'
import { whyNot } from './causes.ts'
import {
  type Child,
  hasClosed,
  hasMoved,
  NAMES,
  parentActed,
  parentLost,
  parentMoved,
  plainChildren,
  type Seen,
  sharesExactly,
  sharing,
  tookAlong,
} from './deeds.ts'

function describe(seen: Seen, child: Child): string {
  const [ever, always] = [sharing(seen, child, 'ever'), sharing(seen, child)]
  const all = (Object.keys(NAMES) as (keyof Sharing)[]).filter(what => ever[what])
  const shared = all.map(what => (always[what] ? NAMES[what] : `${NAMES[what]} (for a part of its life)`))
  const did = [hasClosed(seen, child) && 'closed a file', hasMoved(seen, child) && 'changed directory'].filter(Boolean)
  const names = shared.join(' and ') || 'nothing'
  const beside = parentActed(seen, child)
    ? ', while its parent did so by itself'
    : tookAlong(seen, child)
      ? ', and took its parent along'
      : ''
  return `a child that shared ${names} and ${did.join(' and ') || 'neither closed a file nor changed directory'}${beside}`
}

function describeAll(seen: Seen): string {
  const all = plainChildren(seen).map(child => describe(seen, child))
  return [...new Set(all)].join('; ') || 'no child that ended without running another program'
}

/** Some child must share exactly `wanted`, close a file that its parent has, change directory, and do as `how` says. */
function refute(wanted: Sharing, expected: string, how?: (seen: Seen, child: Child) => boolean) {
  return (seen: Seen) => {
    const holds = plainChildren(seen).some(
      child =>
        sharesExactly(seen, child, wanted) &&
        hasClosed(seen, child) &&
        hasMoved(seen, child) &&
        !parentActed(seen, child) &&
        !tookAlong(seen, child) &&
        (how?.(seen, child) ?? true),
    )
    return unlessUnderWay(seen, expected, unless(holds, expected, describeAll(seen), whyNot(seen, wanted)))
  }
}

export const checker: Checker<Seen> = [
  {
    title: 'a forked child works on a copy: its parent keeps its memory, its open file and its directory',
    section: 'copy',
    refute: refute(
      NOTHING,
      'a child that shares nothing, closes a file it inherited and changes directory, while its parent keeps both',
    ),
  },
  {
    title: "a CLONE_VM child works in its parent's memory, and only the memory is shared",
    section: 'share-memory',
    refute: refute(
      { ...NOTHING, VM: true },
      'a child that shares the memory from its birth to its end, closes a file and changes directory, while its parent keeps both',
    ),
  },
  {
    title: 'what a CLONE_FILES child closes is closed in its parent',
    section: 'share-files',
    refute: refute(
      { ...NOTHING, FILES: true },
      'a child that shares the descriptor table and nothing else, and closes a file that its parent then lacks',
      parentLost,
    ),
  },
  {
    title: 'where a CLONE_FS child goes, its parent goes too',
    section: 'share-directory',
    refute: refute(
      { ...NOTHING, FS: true },
      'a child that shares the directory and nothing else, and changes it for both',
      parentMoved,
    ),
  },
]
