/**
 * What the kernel has: veth, overlay, its log. To use a module that is only loadable would load it, and the doctor
 * changes nothing; so a thing is tried only where it is loaded already.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { cloneExec } from '../../../lib/clone-exec.ts'
import { CLONE_NEWNET } from '../../../lib/flags.ts'
import { findProgram } from '../../../lib/machine/find-program.ts'
import { waitpid } from '../../../lib/process.ts'
import { whyNoOverlay } from '../../../lib/rights/overlay-trial.ts'
import { isPrivileged } from '../../../lib/rights/privileges.ts'
import { openKernelLog } from '../../../lib/trace/kmsg.ts'
import { asOrdinaryUser, attempt } from './attempt.ts'
import type { Facts, Presence } from './facts.ts'

const KMSG = 0x10b

function read(path: string): string {
  try {
    return path.endsWith('.gz') ? gunzipSync(readFileSync(path)).toString() : readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** What the kernel's own configuration says, `y`, `m` or `n`; `undefined` where it cannot be read. */
function configured(option: string): string | undefined {
  const text = read('/proc/config.gz') || read(`/boot/config-${release()}`)
  if (text === '') return undefined
  return new RegExp(`^${option}=([ym])`, 'm').exec(text)?.[1] ?? 'n'
}

/** Whether a module is in this kernel or can be loaded into it. @see modprobe(8), modules.dep(5) */
function moduleState(name: string, option: string): Presence {
  const folder = join('/lib/modules', release())
  const isIn = (file: string) => new RegExp(`/${name}\\.ko`, 'm').test(read(join(folder, file)))
  if (new RegExp(`^${name} `, 'm').test(read('/proc/modules')) || isIn('modules.builtin')) return 'there'
  const built = configured(option)
  if (built === 'y') return 'there'
  if (built === 'n') return 'absent'
  if (isIn('modules.dep')) return 'loadable'
  // Without the list of modules it cannot be known here; in a container the host may have it.
  return existsSync(join(folder, 'modules.dep')) ? 'absent' : 'unknown'
}

const hasFileSystem = (name: string) => new RegExp(`\\t${name}$`, 'm').test(read('/proc/filesystems'))

const fault = (outcome: ReturnType<typeof attempt>) => ('error' in outcome ? outcome.error : undefined)

/** Makes a veth pair in a network namespace that ends with the child. */
function tryVeth(): string | undefined {
  if (!findProgram('ip')) return undefined
  const make = () => {
    const pid = cloneExec(['ip', 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1'])
    const { code } = waitpid(pid)
    if (code !== 0) throw new Error(`ip link add type veth: exit code ${code}`)
  }
  return fault(attempt(CLONE_NEWNET, make))
}

/** Mounts an overlay as root, and as root of a user namespace of an ordinary user. */
function tryOverlays(): Facts['noOverlay'] {
  const root = isPrivileged() ? whyNoOverlay(false) : undefined
  const outcome = asOrdinaryUser(() => whyNoOverlay(true))
  const user = 'value' in outcome ? outcome.value : undefined
  return { ...(root && { root }), ...(user && { user }) }
}

function isLogOpen(): boolean {
  const log = openKernelLog()
  log?.close()
  return log !== undefined
}

function kernelLog(): Facts['kernelLog'] {
  const outcome = asOrdinaryUser(isLogOpen)
  if ('value' in outcome && outcome.value) return 'readable'
  // Without root it is assumed that root may read a log that is there.
  const isThere = statSync('/dev/kmsg', { throwIfNoEntry: false })?.rdev === KMSG
  return (process.getuid?.() === 0 ? isLogOpen() : isThere) ? 'for root' : 'absent'
}

export function observeKernel(): Pick<Facts, 'veth' | 'overlay' | 'tried' | 'noOverlay' | 'kernelLog'> {
  const veth = moduleState('veth', 'CONFIG_VETH')
  const overlay = hasFileSystem('overlay') ? 'there' : moduleState('overlay', 'CONFIG_OVERLAY_FS')
  const noOverlay = overlay === 'there' ? tryOverlays() : {}
  const failed = {
    veth: veth === 'there' && isPrivileged() ? tryVeth() : undefined,
    overlay: noOverlay.root?.seen,
  }
  const tried = Object.fromEntries(Object.entries(failed).filter(([, error]) => error !== undefined))
  return { veth, overlay, tried, noOverlay, kernelLog: kernelLog() }
}
