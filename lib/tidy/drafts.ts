/**
 * Files and folders that are not finished yet. The name of each contains its owner, so that one whose owner was killed
 * can be recognised.
 */
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownTag } from '../../native/tag.ts'
import { fateOf, type Owner } from './owner.ts'

const TAG = /^(?<boot>[0-9a-f]{8})-(?<namespace>\d+)-(?<pid>[1-9]\d*)(?:-\w{6})?$/
/**
 * A draft of another boot, or of another machine that works in the same folder, counts as abandoned after this time.
 */
const DAY_MS = 24 * 3600 * 1000

/** The name of a draft of the calling process. */
export const draftName = (start: string): string => `${start}${ownTag()}`

/** The same for mkdtemp(3), which adds six letters. */
export const draftPrefix = (start: string): string => `${draftName(start)}-`

/** The process that has made a tag, and the first digits of the boot's number; `undefined` for what is no tag. */
export function ownerOfTag(tag: string): (Owner & { readonly boot: string }) | undefined {
  const { boot, namespace, pid } = TAG.exec(tag)?.groups ?? {}
  return boot === undefined ? undefined : { boot, pid: Number(pid), namespace: Number(namespace) }
}

/** Whether the owner of a draft is certainly gone. */
function isAbandoned(path: string, tag: string): boolean {
  const owner = ownerOfTag(tag)
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!owner || !stat) return false
  if (!readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').startsWith(owner.boot))
    return Date.now() - stat.mtimeMs > DAY_MS
  return fateOf(owner, stat.birthtimeMs || undefined) === 'dead'
}

/**
 * The drafts in a folder whose owners were killed.
 * @param start how their names begin, before the owner
 */
export function abandonedDrafts(folder: string, start: string | RegExp): string[] {
  const names = readdirIfAny(folder)
  return names.flatMap(name => {
    const begin = typeof start === 'string' ? start : (start.exec(name)?.[0] ?? '\0')
    const path = join(folder, name)
    return name.startsWith(begin) && isAbandoned(path, name.slice(begin.length)) ? [path] : []
  })
}

function readdirIfAny(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // ENOENT, EACCES
    return []
  }
}
