/**
 * What somebody in a user namespace has done, or was refused: each of the calls that lab 7 asks about, with who the
 * caller was just before.
 */
import { readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { CLONE_NEWUSER } from '../../../lib/flags.ts'
import { mounts } from '../../../lib/mount/mount.ts'
import { namespaceOf, owningUserNamespace, userNamespacesAbove } from '../../../lib/namespaces.ts'
import { AT_FDCWD } from '../../../lib/trace/open-inside.ts'
import { readProc } from '../../../lib/trace/proc.ts'
import { readMemory } from '../../../lib/trace/remote-memory.ts'
import { OPEN_CALLS, OWNER_CALLS, type StoppedCall } from '../../../lib/trace/seccomp.ts'
import type { Answer } from '../../observer/story/event.ts'
import { mountOf } from '../call-arguments.ts'
import { type FileThere, fileAt, fileInside, openingOf, targetOf } from './arguments.ts'
import type { KnownNamespaces } from './known.ts'
import type { Standing } from './standing.ts'

const S_IFMT = 0o170000
const S_IFCHR = 0o020000
const DEVICES = [S_IFCHR, 0o060000]
/** How many names at the end of a path are looked for below other mounts: directories can be nested without end. */
const MOST_NAMES = 40

interface Done {
  /** Its place among all that this witness has seen. */
  readonly at: number
  readonly pid: number
  readonly call: StoppedCall
  /** The caller just before. */
  readonly by: Standing
  readonly answer: Answer
}

/** One deed. */
export type Deed = Done &
  (
    | { readonly kind: 'made file'; readonly path: string; readonly file: FileThere; readonly isSeenOutside: boolean }
    /** An existing file was opened for writing, or its owner, its mode or its length was to be changed. */
    | {
        readonly kind: 'changed file'
        readonly path: string
        readonly before: FileThere | undefined
        readonly after: FileThere | undefined
      }
    | { readonly kind: 'made node'; readonly path: string }
    /** @property owner the user namespace that the changed namespace belongs to */
    | { readonly kind: 'host name'; readonly owner: number | undefined }
    | { readonly kind: 'mount'; readonly owner: number | undefined; readonly isNew: boolean }
    /** @property within the user namespaces that the caller is in, its own first, as far as the sandbox's */
    | { readonly kind: 'user namespace'; readonly within: readonly number[] }
    | { readonly kind: 'program'; readonly file: FileThere; readonly after: Standing }
  )

/** What a deed is, without what every deed has. */
export type What = Deed extends infer D ? (D extends Deed ? Omit<D, keyof Done> : never) : never

/** What a deed is looked at from. */
export interface Around {
  /** The sandbox's own user namespace, by its inode. */
  readonly sandbox: number
  /** The PID of its init, which sees the outside. */
  readonly init: number
  readonly known: KnownNamespaces
}

/** Is told what became of a call by its result; says what that was. */
export type Outcome = (result: number) => What | undefined

const mountsOf = (tid: number) => (readProc(tid, 'mountinfo') ?? '').split('\n').length

/** The user namespaces that a thread is in, below the sandbox's. Of one that nobody was met in only its place counts. */
function within(tid: number, { sandbox, known }: Around): number[] {
  const all = [namespaceOf(tid, 'user') ?? 0, ...userNamespacesAbove(tid)]
  return all.slice(0, Math.max(0, all.indexOf(sandbox))).map(inode => known.numberOf(inode) ?? 0)
}

function makesUserNamespace(name: StoppedCall, args: readonly bigint[], tid: number): boolean {
  const flags = name === 'clone3' ? readMemory(tid, args[0] ?? 0n, 8).readBigUInt64LE() : (args[0] ?? 0n)
  return (flags & BigInt(CLONE_NEWUSER)) !== 0n
}

function ofOpening(name: StoppedCall, args: readonly bigint[], tid: number, init: number): Outcome | undefined {
  const { makes, writes } = openingOf(name, args, tid)
  if (!makes && !writes) return undefined
  const { path, look } = targetOf(name, args, tid)
  // What is in /proc belongs to whoever it is about, and of /proc/self the judge knows only its own.
  if (path.startsWith('/proc/')) return undefined
  const before = look()
  if (before) return () => (writes ? { kind: 'changed file', path, before, after: look() } : undefined)
  return result => {
    const link = `/proc/${tid}/fd/${result}`
    const file = result >= 0 && makes ? fileAt(link) : undefined
    if (!file) return writes ? { kind: 'changed file', path, before, after: undefined } : undefined
    const where = readlinkSync(link)
    // A file of /proc is made by nobody; of /proc/self the judge knows only its own.
    if (where.startsWith('/proc/')) return undefined
    return { kind: 'made file', path, file, isSeenOutside: isSeenBy(init, tid, result, file) }
  }
}

/**
 * Whether a file that a thread has open is also there in the mounts of somebody else, whatever it is called there: who
 * has bound a directory elsewhere, or has another root, makes it by another path.
 */
function isSeenBy(other: number, tid: number, fd: number, { identity }: FileThere): boolean {
  const names = readlinkSync(`/proc/${tid}/fd/${fd}`).split('/').filter(Boolean)
  const id = mountOf(tid, fd)
  const bound = mounts(tid).find(mount => mount.id === id)?.root ?? '/'
  const ends = names.map((_, i) => names.slice(i).join('/')).slice(-MOST_NAMES)
  const paths = ['/', bound].flatMap(start => ends.map(end => join(start, end)))
  const outside = mounts(other).flatMap(({ root, target }) =>
    paths.map(path => relative(root, path)).flatMap(rest => (rest.startsWith('..') ? [] : [join(target, rest)])),
  )
  const isIt = (path: string) => fileInside(other, AT_FDCWD, path)?.identity === identity
  return isIt(`/${names.join('/')}`) || [...new Set(outside)].some(isIt)
}

function ofNode(name: StoppedCall, args: readonly bigint[], tid: number): Outcome | undefined {
  const [path, mode = 0n, device = 0n] = name === 'mknod' ? args : args.slice(1)
  const kind = Number(mode) & S_IFMT
  // The character device 0,0 is none: it is a whiteout, which anybody may make.
  if (!DEVICES.includes(kind) || (kind === S_IFCHR && BigInt.asUintN(32, device) === 0n)) return undefined
  const text = targetOf('truncate', [path ?? 0n], tid).path
  return () => ({ kind: 'made node', path: text })
}

/**
 * A thread in another user namespace than the sandbox's is about to make a call.
 * @returns what hears the result; `undefined` where nothing is asked of the call
 * @throws Error if the thread was killed while it stood there, or a pointer of it is wrong
 */
export function outcomeOf(
  name: StoppedCall,
  args: readonly bigint[],
  tid: number,
  around: Around,
): Outcome | undefined {
  const ownerOf = (kind: 'uts' | 'mnt') => around.known.numberOf(owningUserNamespace(tid, kind))
  if (OPEN_CALLS.includes(name)) return ofOpening(name, args, tid, around.init)
  if (OWNER_CALLS.includes(name)) {
    const { path, look } = targetOf(name, args, tid)
    const before = look()
    return () => ({ kind: 'changed file', path, before, after: look() })
  }
  switch (name) {
    case 'sethostname': {
      const owner = ownerOf('uts')
      return () => ({ kind: 'host name', owner })
    }
    case 'mount':
    case 'move_mount': {
      const [owner, before] = [ownerOf('mnt'), mountsOf(tid)]
      return () => ({ kind: 'mount', owner, isNew: mountsOf(tid) > before })
    }
    case 'mknod':
    case 'mknodat':
      return ofNode(name, args, tid)
    case 'unshare':
    case 'clone':
    case 'clone3': {
      if (!makesUserNamespace(name, args, tid)) return undefined
      // Of one that was made nothing is asked, and of one that was not the caller is where it was.
      return result => (result < 0 ? { kind: 'user namespace', within: within(tid, around) } : undefined)
    }
    default:
      return undefined
  }
}
