/**
 * What the kernel says of a process that stands still: its namespaces, what it shares, its descriptors.
 */
import { statSync } from 'node:fs'
import { openDescriptors } from '../../lib/machine/descriptors.ts'
import { namespaces } from '../../lib/namespaces.ts'
import { shares } from '../../lib/trace/kcmp.ts'
import type { Moment } from './record.ts'

/** A process and its creator at this moment; `undefined` if one has just been killed. */
export function look(pid: number, creator: number): Moment | undefined {
  const of = (who: number) => {
    // By inode: the text of the path changes when the directory is removed or renamed.
    const { dev, ino } = statSync(`/proc/${who}/cwd`)
    return { directory: `${dev}:${ino}`, descriptors: openDescriptors(who) }
  }
  try {
    const sharing = {
      VM: shares(pid, creator, 'VM'),
      FILES: shares(pid, creator, 'FILES'),
      FS: shares(pid, creator, 'FS'),
    }
    return { namespaces: namespaces(pid), ...of(pid), sharing, creator: of(creator) }
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
