/**
 * Whether an overlay can be mounted here, tried by mounting one.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { clone } from '../clone.ts'
import { CLONE_NEWNS, SIGCHLD } from '../flags.ts'
import { pipe } from '../gate.ts'
import { writeAll } from '../machine/output.ts'
import { closeQuietly } from '../machine/poll.ts'
import { mount } from '../mount/mount.ts'
import { mountOverlay } from '../mount/overlay.ts'
import { setPropagation } from '../mount/propagation.ts'
import { unshare } from '../namespaces.ts'
import { waitpid } from '../process.ts'
import { enterUserNamespace } from './users.ts'

/** Why no overlay can be mounted. */
export interface OverlayLack {
  /** The call that failed, as an error prints it. */
  readonly seen: string
  readonly cause: string
  readonly remedy?: string
}

/** Takes an error apart that has the call, the cause and the remedy in a line each, as those of mountOverlay() have. */
function lackIn(error: unknown): OverlayLack {
  const [seen = '', ...lines] = String((error as Error).message ?? error).split('\n')
  const remedy = lines.find(line => line.startsWith('hint: '))?.replace('hint: ', '')
  const cause = lines.find(line => !line.startsWith('hint: ')) ?? 'the kernel refuses it'
  return { seen, cause, ...(remedy !== undefined && { remedy }) }
}

/** Mounts one on a file system in memory, over a directory that every machine has. */
function tryIt(asUser: boolean): OverlayLack | undefined {
  try {
    if (asUser) enterUserNamespace()
    unshare(CLONE_NEWNS)
    setPropagation('/', 'private', { recursive: true })
    mount('trial', '/sys', 'tmpfs')
    for (const name of ['lower', 'upper', 'work', 'root']) mkdirSync(`/sys/${name}`)
    mountOverlay({ lower: ['/sys/lower'], upper: '/sys/upper', work: '/sys/work' }, '/sys/root')
    return undefined
  } catch (error) {
    return lackIn(error)
  }
}

/** Starts the child that tries it, and leaves the pipe by which it answers to it alone. */
function startTrial(writeEnd: number, asUser: boolean): number {
  try {
    return clone(() => writeAll(writeEnd, JSON.stringify(tryIt(asUser) ?? null)), SIGCHLD)
  } finally {
    closeQuietly(writeEnd)
  }
}

/**
 * Tries an overlay in a child, with whose end it is gone. The kernel loads the module for it where that is not loaded yet.
 * @param asUser whether it is root of a new user namespace who mounts it, as a lab without root does and the program of
 *   a check; else it is the caller
 * @returns `undefined` where it works
 * @throws SyscallError where no child can be made
 * @see mount(2), user_namespaces(7)
 */
export function whyNoOverlay(asUser: boolean): OverlayLack | undefined {
  const { readEnd, writeEnd } = pipe()
  try {
    const pid = startTrial(writeEnd, asUser)
    const text = readFileSync(readEnd, 'utf8')
    const { code, signal } = waitpid(pid)
    if (code !== 0) return { seen: `the child ended with ${signal ?? code}`, cause: 'it could not be tried' }
    return (JSON.parse(text) as OverlayLack | null) ?? undefined
  } finally {
    closeQuietly(readEnd)
  }
}
