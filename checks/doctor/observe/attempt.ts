/**
 * Trying something in a child, with whose end everything goes that it has made.
 */
import { closeSync, readFileSync } from 'node:fs'
import { clone } from '../../../lib/clone.ts'
import { SIGCHLD } from '../../../lib/flags.ts'
import { pipe } from '../../../lib/gate.ts'
import { writeAll } from '../../../lib/machine/output.ts'
import { knowsFewUsers } from '../../../lib/machine/self.ts'
import { waitpid } from '../../../lib/process.ts'
import { allowInspection } from '../../../lib/rights/prctl.ts'
import { becomeUser } from '../../../lib/rights/users.ts'
import { statusField } from '../../../lib/trace/proc.ts'

/** The result of a trial: a value, or the error as a reader sees it. */
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

/** The user that the kernel shows for IDs without a mapping: the overflow user, called nobody. */
export const NOBODY = 65534

const CAP_SETGID = 6n
const CAP_SETUID = 7n

/** Whether the caller may become another user: root of a container may lack the capabilities. */
function maySwitch(): boolean {
  const effective = BigInt(`0x${statusField('self', 'CapEff') ?? '0'}`)
  return [CAP_SETGID, CAP_SETUID].every(capability => ((effective >> capability) & 1n) === 1n)
}

/**
 * Which user is meant by an ordinary user: the one who runs this or who called sudo, else the user nobody. Root of a
 * user namespace counts as an ordinary user, too, and so does a root that may not become another user.
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
      // A change of user makes the process not dumpable, and then it could not write the ID maps of a child in /proc.
      allowInspection()
      // The directory that a login would have set; root's environment has root's, or none.
      process.env['XDG_RUNTIME_DIR'] = `/run/user/${uid}`
    }
    return look()
  })
}
