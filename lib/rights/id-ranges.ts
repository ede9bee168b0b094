/**
 * Which users a new user namespace may have: a range of the machine's where there is one, else the caller alone.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { CannotRun, UsageError } from '../errors.ts'
import { findProgram } from '../machine/find-program.ts'
import { readSelf } from '../machine/self.ts'
import { readProc } from '../trace/proc.ts'
import { capabilitySets, hasCapability } from './capabilities.ts'
import { type IdRange, writeIdMaps, writeOwnIdMap } from './users.ts'

/** The maps that a new user namespace is to have, and who may write them. */
export interface IdMaps {
  /** The kernel takes them of the caller; of newuidmap(1), which is set-user-ID root; or only the caller's own IDs. */
  readonly by: 'caller' | 'newuidmap' | 'own id'
  readonly users: readonly IdRange[]
  readonly groups: readonly IdRange[]
}

/** Some IDs that follow one another. */
export interface IdSpan {
  readonly first: number
  readonly count: number
}

/** As many as an image of a container expects. */
const USUAL = 65536
/** From here distributions give ranges to users: `SUB_UID_MIN` of login.defs(5). */
const LOWEST = 100000
const HIGHEST = 600100000
/** Users of the system are below: `UID_MIN` of login.defs(5). */
const ORDINARY = 10000
const NOBODY = 65534

/** The lines of a map or the like, `inside outside count`. */
export function parseIdMap(text: string): IdRange[] {
  const rows = text.split('\n').map(line => line.trim().split(/\s+/).map(Number))
  return rows.flatMap(([inside, outside, count]) =>
    inside === undefined || outside === undefined || count === undefined ? [] : [{ inside, outside, count }],
  )
}

/**
 * A map of a process's user namespace as the kernel shows it to the caller: `outside` is as the caller's user namespace
 * numbers IDs, and in the caller's own map as the one above does.
 * @param pid as the mounted /proc numbers it
 * @returns nothing before it is written, and of a process that has ended
 * @see user_namespaces(7)
 */
export const readIdMap = (pid: number | 'self', file: 'uid_map' | 'gid_map'): IdRange[] =>
  parseIdMap(readProc(pid, file) ?? '')

/** The ID inside that stands for one outside; `undefined` where a map has none. */
export function insideOf(map: readonly IdRange[], id: number): number | undefined {
  const range = map.find(({ outside, count }) => id >= outside && id < outside + count)
  return range && range.inside + id - range.outside
}

/** The ID outside that one inside stands for; `undefined` where a map has none. */
export function outsideOf(map: readonly IdRange[], id: number): number | undefined {
  const range = map.find(({ inside, count }) => id >= inside && id < inside + count)
  return range && range.outside + id - range.inside
}

/** Who root of a user namespace with these maps is outside, `{ uid: 100000, gid: 100000 }`; 0 where a map has no root. */
export const rootOf = ({ users, groups }: IdMaps): { readonly uid: number; readonly gid: number } => ({
  uid: outsideOf(users, 0) ?? 0,
  gid: outsideOf(groups, 0) ?? 0,
})

/** A user inside that is not root and is a group as well: 1000 or, of fewer, the last; 0 where there is only root. */
export function otherThanRoot({ users, groups }: IdMaps): number {
  const last = (map: readonly IdRange[]) => Math.max(...map.map(({ inside, count }) => inside + count - 1))
  return Math.min(1000, last(users), last(groups))
}

/** All spans in the text of /etc/subuid or /etc/subgid, each with its owner. @see subuid(5) */
function parseSubordinates(text: string): (IdSpan & { readonly owner: string })[] {
  return text.split('\n').flatMap(line => {
    const [owner = '', first, count] = line.trim().split(':')
    const span = { owner, first: Number(first), count: Number(count) }
    return /^\d+$/.test(first ?? '') && /^[1-9]\d*$/.test(count ?? '') ? [span] : []
  })
}

function readIfAny(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/**
 * The longest span that a text such as /etc/subuid gives to a user.
 * @param names the user's name and number
 * @see subuid(5)
 */
export function subordinatesOf(text: string, names: readonly string[]): IdSpan | undefined {
  const own = parseSubordinates(text).filter(({ owner }) => names.includes(owner))
  const [longest] = own.sort((one, other) => other.count - one.count)
  return longest && { first: longest.first, count: longest.count }
}

/** The first span from 100,000 on that /etc/subuid and /etc/subgid give to nobody. */
export function freeSpan(texts: readonly string[]): IdSpan | undefined {
  const taken = texts.flatMap(parseSubordinates)
  for (let first = LOWEST; first < HIGHEST; first += USUAL)
    if (taken.every(span => first + USUAL <= span.first || first >= span.first + span.count))
      return { first, count: USUAL }
  return undefined
}

const includes = (map: readonly IdRange[], { first, count }: IdSpan) =>
  map.some(({ inside, count: known }) => first >= inside && first + count <= inside + known)

/** A span that the caller, who may map any ID of its own namespace, takes. */
function ownSpan(known: readonly IdRange[]): IdSpan | undefined {
  const usual = freeSpan(['/etc/subuid', '/etc/subgid'].map(readIfAny))
  // In a user namespace with fewer users, as of a container, those that are nobody's are between 10,000 and nobody.
  const spans = [...(usual ? [usual] : []), { first: ORDINARY, count: NOBODY - ORDINARY }]
  return spans.find(span => includes(known, span))
}

const shift = ({ first, count }: IdSpan, inside: number): IdRange => ({ inside, outside: first, count })

/** The name of the caller's user, and its number; nothing for one without a name, whom newuidmap(1) refuses. */
function userNames(): string[] {
  try {
    return [userInfo().username, String(process.getuid?.())]
  } catch {
    return []
  }
}

/** Whether the caller may map any ID that it knows. */
function mayMapAll(): boolean {
  const { effective = 0n } = capabilitySets() ?? {}
  return hasCapability(effective, 'CAP_SETUID') && hasCapability(effective, 'CAP_SETGID')
}

function checkSpan(known: readonly IdRange[], span: IdSpan): void {
  if (includes(known, span)) return
  const rows = known.map(({ inside, count }) => `${inside} to ${inside + count - 1}`).join(', ')
  throw new UsageError(
    `--range must be among the users that are known here: ${rows || 'none'}\nhint: see /proc/self/uid_map`,
  )
}

/**
 * Chooses the users of a new user namespace.
 * @param wanted a span to take; only who has CAP_SETUID and CAP_SETGID may choose one
 * @throws UsageError if `wanted` cannot be had; CannotRun for a user without a number in their own namespace
 */
export function chooseIdMaps(wanted?: IdSpan): IdMaps {
  const [uid = 0, gid = 0] = [process.geteuid?.(), process.getegid?.()]
  const own: IdMaps = {
    by: 'own id',
    users: [{ inside: 0, outside: uid, count: 1 }],
    groups: [{ inside: 0, outside: gid, count: 1 }],
  }
  if (mayMapAll()) {
    const known = parseIdMap(readSelf('uid_map'))
    if (wanted) checkSpan(known, wanted)
    const span = wanted ?? ownSpan(known)
    return span ? { by: 'caller', users: [shift(span, 0)], groups: [shift(span, 0)] } : own
  }
  if (wanted)
    throw new UsageError(
      '--range is for root: an ordinary user gets the range that /etc/subuid gives them\nhint: leave it away, or use sudo',
    )
  const names = userNames()
  const users = subordinatesOf(readIfAny('/etc/subuid'), names)
  const groups = subordinatesOf(readIfAny('/etc/subgid'), names)
  if (!users || !groups || !findProgram('newuidmap') || !findProgram('newgidmap')) return own
  return {
    by: 'newuidmap',
    users: [...own.users, shift(users, 1)],
    groups: [...own.groups, shift(groups, 1)],
  }
}

function runMapper(program: string, pid: number, ranges: readonly IdRange[]): void {
  const words = ranges.flatMap(({ inside, outside, count }) => [inside, outside, count]).map(String)
  const { status, stderr, error } = spawnSync(program, [String(pid), ...words], { encoding: 'utf8' })
  if (status !== 0)
    throw new CannotRun(
      `${program} did not write the map: ${stderr?.trim() || error?.message}\n` +
        `hint: it has to be set-user-ID root or have its capability: ls -l "$(command -v ${program})"`,
    )
}

/**
 * Writes the maps of a new user namespace, in the way in which {@link chooseIdMaps} has chosen them.
 * @param pid a process in the new namespace, which the caller has made
 * @throws Error EPERM, as of {@link writeIdMaps}; CannotRun where newuidmap(1) refuses
 * @see user_namespaces(7), newuidmap(1)
 */
export function giveIdMaps(pid: number, { by, users, groups }: IdMaps): void {
  if (by === 'own id') writeOwnIdMap(pid)
  else if (by === 'caller') writeIdMaps(pid, users, groups)
  else {
    runMapper('newuidmap', pid, users)
    runMapper('newgidmap', pid, groups)
  }
}

/** Why there is no range, and how there could be one; `undefined` where there is. */
export function whyNoRange({ by }: IdMaps): string | undefined {
  if (by !== 'own id') return undefined
  if (mayMapAll()) return 'this user namespace knows too few users to give some of them away'
  const lacks = [...(findProgram('newuidmap') ? [] : ['the program newuidmap (package uidmap)'])]
  const names = userNames()
  const [name] = names
  if (name === undefined) return 'a range takes a user who has a name: /etc/passwd knows none for yours'
  for (const file of ['/etc/subuid', '/etc/subgid'])
    if (!subordinatesOf(readIfAny(file), names)) lacks.push(`a line of yours in ${file}`)
  return `a range takes ${lacks.join(' and ')}: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${name}`
}
