/**
 * Who a thread is at one moment, and what it may do: its users and groups, the maps of its user namespace, its
 * capabilities. All of it is what the kernel shows to the judge, of a thread that stands still.
 */
import { type CapabilitySets, parseCapabilities } from '../../../lib/rights/capabilities.ts'
import { readIdMap } from '../../../lib/rights/id-ranges.ts'
import type { IdRange } from '../../../lib/rights/users.ts'
import { readProc } from '../../../lib/trace/proc.ts'

/** The maps of a user namespace. Before they are written they are empty. */
export interface Maps {
  readonly users: readonly IdRange[]
  readonly groups: readonly IdRange[]
}

/** A thread at one moment. */
export interface Standing {
  /** Its user namespace, by a number of the judge's own. */
  readonly userNamespace: number
  /** Real, effective, saved, and that for files. */
  readonly uids: readonly number[]
  readonly gids: readonly number[]
  /** Further groups. */
  readonly groups: readonly number[]
  readonly maps: Maps
  readonly capabilities: CapabilitySets
  readonly noNewPrivs: boolean
}

/** The maps of the user namespace of a thread. */
export const mapsOf = (tid: number): Maps => ({
  users: readIdMap(tid, 'uid_map'),
  groups: readIdMap(tid, 'gid_map'),
})

/** The lines of /proc/PID/status that say who somebody is and what they may do. */
const RELEVANT = /^(Uid|Gid|Groups|Cap...|NoNewPrivs):.*$/gm

/** Those lines of a thread, by which two looks at it are compared; empty if it is gone. */
export const statusOf = (tid: number): string => (readProc(tid, 'status') ?? '').match(RELEVANT)?.join('\n') ?? ''

/**
 * Puts together what was seen of a thread.
 * @param status of {@link statusOf}
 * @returns `undefined` if it tells nothing
 */
export function standingOf(status: string, userNamespace: number, maps: Maps): Standing | undefined {
  const capabilities = parseCapabilities(status)
  if (!capabilities) return undefined
  const numbers = (field: string) => {
    const [, text = ''] = new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(status) ?? []
    return text.split(/\s+/).filter(Boolean).map(Number)
  }
  return {
    userNamespace,
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    groups: numbers('Groups'),
    maps,
    capabilities,
    noNewPrivs: numbers('NoNewPrivs')[0] === 1,
  }
}
