/**
 * Why a machine does not forward what its containers send: a firewall of somebody else's.
 */
import { spawnSync } from 'node:child_process'
import { CannotRun } from '../../errors.ts'
import { findProgram } from '../../machine/find-program.ts'
import { droppedBy } from './dropping.ts'

/** How the rules of each kind of firewall are printed. */
const FIREWALLS = [
  ['nft', 'list', 'ruleset'],
  ['iptables-nft', '-S'],
  ['iptables-legacy', '-S'],
] as const

/**
 * Says why what came from a bridge went nowhere, where the machine is at fault; returns where it is not.
 * @param what who asks, `lab 9`
 * @param bridge its name
 * @throws CannotRun with the reason and the remedy
 */
export function blameFirewallForLoss(what: string, bridge: string): void {
  for (const [program, ...words] of FIREWALLS) {
    if (!findProgram(program)) continue
    const { stdout } = spawnSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const { forward, input } = droppedBy(program, stdout ?? '', bridge)
    if (forward.length + input.length === 0) continue
    const dropped = [forward.length > 0 && 'is forwarded', input.length > 0 && 'comes to its own resolver']
      .filter(Boolean)
      .join(' and what ')
    throw new CannotRun(
      `${what} got no answer: this machine's firewall drops what ${dropped} (${[program, ...words].join(' ')})\n` +
        `hint: leave --on-this-machine away, or while it runs: ${[...forward, ...input].join(' && ')}`,
    )
  }
}
