/**
 * Why a machine does not forward what its containers send: a firewall of somebody else's.
 */
import { spawnSync } from 'node:child_process'
import { CannotRun } from '../../errors.ts'
import { findProgram } from '../../machine/find-program.ts'

/** How the rules of each kind of firewall are printed, and what shows in them that something may be dropped on its way. */
const FIREWALLS = [
  { program: 'nft', words: ['list', 'ruleset'], drops: /hook forward [^}]*?(policy drop|\bdrop\b|\breject\b)/s },
  { program: 'iptables-nft', words: ['-S', 'FORWARD'], drops: /^-P FORWARD DROP|-j (DROP|REJECT)/m },
  { program: 'iptables-legacy', words: ['-S', 'FORWARD'], drops: /^-P FORWARD DROP|-j (DROP|REJECT)/m },
] as const

/**
 * Says why what came from a bridge went nowhere, where the machine is at fault; returns where it is not.
 * @param what who asks, `lab 9`
 * @param bridge its name
 * @throws CannotRun with the reason and the remedy
 */
export function blameFirewallForLoss(what: string, bridge: string): void {
  for (const { program, words, drops } of FIREWALLS) {
    if (!findProgram(program)) continue
    const { stdout } = spawnSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    if (!drops.test(stdout ?? '')) continue
    const lets = (side: string) => `iptables -I FORWARD ${side} ${bridge} -j ACCEPT`
    throw new CannotRun(
      `${what} got no answer: this machine's firewall drops what is forwarded (${[program, ...words].join(' ')})\n` +
        `hint: leave --on-this-machine away, or while it runs: ${lets('-i')} && ${lets('-o')}`,
    )
  }
}
