/**
 * What root can do here, as an ordinary user asks: where sudo wants no password, this very program is started with it and
 * tries as root what it cannot try otherwise. Where it wants one, nobody is asked.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { startWords } from '../../../lib/engine/start-words.ts'
import { findProgram } from '../../../lib/machine/find-program.ts'
import { ROOT } from '../../../lib/machine/root.ts'
import { sudoFinds } from '../../../lib/rights/sudo.ts'
import type { Facts } from './facts.ts'

/** The program itself, whose bundle its user has made already: root writes nothing into the checkout. */
const DOCTOR = [...startWords(ROOT), join(ROOT, 'checks/doctor/doctor.ts')]

/** Runs a command by sudo; `undefined` where it wants a password, or does not allow it. */
function bySudo(...words: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('sudo', ['-n', '--', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout : undefined
}

/** What root has observed; `undefined` where sudo does not do it without a password. */
function observedByRoot(): Facts | undefined {
  // The first question is a cheap one.
  if (bySudo('true') === undefined) return undefined
  try {
    return JSON.parse(bySudo(process.execPath, ...DOCTOR, '--facts') ?? '') as Facts
  } catch {
    // Its policy allows some commands and not this one, or root may not enter this home.
    return undefined
  }
}

/** A user's own observations, with those of root where only root can try. */
export function withRoot(own: Facts): Facts {
  if (own.user.uid === 0 || own.isConfined || own.become !== 'sudo' || !findProgram('sudo')) return own
  const root = observedByRoot()
  const finds = root ? bySudo('sh', '-c', 'command -v npx') !== undefined : sudoFinds('npx')
  if (!root) return { ...own, sudoFindsNpx: finds }
  const { user, judging, rawSockets, veth, overlay, tried, rootNamespaces, unanswered } = root
  const memory = { ...own.cgroups.memory, obstacle: root.cgroups.memory.obstacle }
  const freezer = { ...own.cgroups.freezer, obstacle: root.cgroups.freezer.obstacle }
  return {
    ...own,
    ...{ veth, overlay, tried, rootNamespaces, unanswered },
    cgroups: { ...own.cgroups, memory, freezer },
    noOverlay: { ...own.noOverlay, ...(root.noOverlay.root && { root: root.noOverlay.root }) },
    kernelLog: own.kernelLog === 'readable' ? 'readable' : root.kernelLog,
    asRoot: { user, judging, rawSockets },
    sudoFindsNpx: finds,
  }
}
