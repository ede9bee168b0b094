/**
 * Why a machine does not forward what its containers send: a firewall of somebody else's.
 */
import { spawnSync } from 'node:child_process'
import { CannotRun } from '../../errors.ts'
import { findProgram } from '../../machine/find-program.ts'

/**
 * How the rules of each kind of firewall are printed, and what shows in them that something may be dropped: on its way
 * through the machine, or, where it comes for the machine itself, at the port of a resolver.
 */
const FIREWALLS = [
  {
    program: 'nft',
    words: ['list', 'ruleset'],
    forward: /hook forward [^}]*?(policy drop|\bdrop\b|\breject\b)/s,
    input: /hook input [^}]*?(policy drop|\bdport\b[^\n}]*\b(53|domain)\b[^\n}]*\b(drop|reject)\b)/s,
  },
  ...['iptables-nft', 'iptables-legacy'].map(program => ({
    program,
    words: ['-S'],
    forward: /^-P FORWARD DROP|^-A FORWARD .*-j (DROP|REJECT)/m,
    input: /^-P INPUT DROP|^-A INPUT .*--dports? \S*\b53\b.*-j (DROP|REJECT)/m,
  })),
]

/**
 * Says why what came from a bridge went nowhere, where the machine is at fault; returns where it is not.
 * @param what who asks, `lab 9`
 * @param bridge its name
 * @throws CannotRun with the reason and the remedy
 */
export function blameFirewallForLoss(what: string, bridge: string): void {
  for (const { program, words, forward, input } of FIREWALLS) {
    if (!findProgram(program)) continue
    const { stdout } = spawnSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const [isForward, isInput] = [forward.test(stdout ?? ''), input.test(stdout ?? '')]
    if (!isForward && !isInput) continue
    const dropped = [isForward && 'is forwarded', isInput && 'comes to its own resolver']
      .filter(Boolean)
      .join(' and what ')
    const accept = (chain: string, side: string) => `iptables -I ${chain} ${side} ${bridge} -j ACCEPT`
    const remedy = [
      ...(isForward ? [accept('FORWARD', '-i'), accept('FORWARD', '-o')] : []),
      ...(isInput ? [accept('INPUT', '-i')] : []),
    ]
    throw new CannotRun(
      `${what} got no answer: this machine's firewall drops what ${dropped} (${[program, ...words].join(' ')})\n` +
        `hint: leave --on-this-machine away, or while it runs: ${remedy.join(' && ')}`,
    )
  }
}
