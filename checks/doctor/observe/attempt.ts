/**
 * Trying something in a child that goes away, and everything it made with it.
 */
import { closeSync, readFileSync } from 'node:fs'
import { clone } from '../../../lib/clone.ts'
import { SIGCHLD } from '../../../lib/flags.ts'
import { pipe } from '../../../lib/gate.ts'
import { writeAll } from '../../../lib/io/output.ts'
import { waitpid } from '../../../lib/process.ts'
import { allowInspection } from '../../../lib/rights/prctl.ts'
import { becomeUser, knowsFewUsers } from '../../../lib/rights/users.ts'
import { statusField } from '../../../lib/trace/proc.ts'

/** What came of it: a value, or the error as a reader sees it. */
export type Outcome<T> = { readonly value: T } | { readonly error: string }

const firstLine = (error: unknown) => String((error as Error).message ?? error).split('\n')[0] as string

/** Runs `look` in a child cloned with `flags`; what it returns has to be plain data. */
export function attempt<T>(flags: number, look: () => T): Outcome<T> {
  const { readEnd, writeEnd } = pipe()
  const answer = (): Outcome<T> => {
    try {
      return { value: look() }
    } catch (error) {
      return { error: firstLine(error) }
    }
  }
  try {
    const pid = clone(() => writeAll(writeEnd, JSON.stringify(answer())), flags | SIGCHLD)
    closeSync(writeEnd)
    const text = readFileSync(readEnd, 'utf8')
    const { code, signal } = waitpid(pid)
    return code === 0 ? (JSON.parse(text) as Outcome<T>) : { error: `the child ended with ${signal ?? code}` }
  } catch (error) {
    return { error: firstLine(error) }
  } finally {
    closeSync(readEnd)
  }
}

/** The kernel's user of no name. */
export const NOBODY = 65534

const CAP_SETGID = 6n
const CAP_SETUID = 7n

/** Whether the caller may become another user: a container's root perhaps may not. */
function maySwitch(): boolean {
  const effective = BigInt(`0x${statusField('self', 'CapEff') ?? '0'}`)
  return [CAP_SETGID, CAP_SETUID].every(capability => ((effective >> capability) & 1n) === 1n)
}

/**
 * Whoever is meant by an ordinary user: the one who runs this or has become root for it, else nobody. Root of a user
 * namespace is one of those, too, and so is one that may not become another.
 */
export function ordinaryUser(): { readonly uid: number; readonly gid: number } {
  const { SUDO_UID, SUDO_GID, DOAS_UID } = process.env
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  if (uid !== 0 || knowsFewUsers() || !maySwitch()) return { uid, gid }
  const other = Number(SUDO_UID ?? DOAS_UID ?? 0) || NOBODY
  return { uid: other, gid: Number(SUDO_GID ?? 0) || other }
}

/** Runs `look` as an ordinary user: root becomes one in a child. */
export function asOrdinaryUser<T>(look: () => T): Outcome<T> {
  const { uid, gid } = ordinaryUser()
  return attempt(0, () => {
    if (process.getuid?.() !== uid) {
      becomeUser(uid, gid)
      // Whoever changes users hides from others in /proc, and from its former self: a child's maps could not be written.
      allowInspection()
      // Where a login would have put it; root has its own, or none.
      process.env['XDG_RUNTIME_DIR'] = `/run/user/${uid}`
    }
    return look()
  })
}
