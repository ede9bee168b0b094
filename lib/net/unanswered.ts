/**
 * Why this machine does not answer a ping from a network namespace: a setting of the kernel, or its firewall. What a
 * firewall does is not read from its rules but tried: they are copied into a network namespace that ends with its child,
 * and somebody there is pinged from another one.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { clone } from '../clone.ts'
import { CannotRun } from '../errors.ts'
import { CLONE_NEWNET, SIGCHLD } from '../flags.ts'
import { makeGate } from '../gate.ts'
import { findProgram } from '../machine/find-program.ts'
import { kill, waitpid } from '../process.ts'
import { awaitRunning, setip } from './interfaces.ts'

/** Why pings are not answered, and what helps. */
export interface Unanswered {
  readonly seen: string
  readonly cause: string
  /** A command for root. */
  readonly remedy: string
}

const SETTING = '/proc/sys/net/ipv4/icmp_echo_ignore_all'

/** A program and its arguments. */
type Words = readonly [string, ...string[]]

/**
 * How long iptables waits for others that use it, in s: the lock is one for the whole machine, whatever network
 * namespace the rules are in.
 */
const LOCK = '60'
/** How the rules of each kind of firewall are printed and read in again. */
const FIREWALLS: readonly { readonly print: Words; readonly load: Words }[] = [
  { print: ['nft', 'list', 'ruleset'], load: ['nft', '-f', '-'] },
  { print: ['iptables-save'], load: ['iptables-restore', '-w', LOCK] },
  { print: ['iptables-legacy-save'], load: ['iptables-legacy-restore', '-w', LOCK] },
]

/** Addresses for two namespaces that nobody else is in. */
const [OUTSIDE, INSIDE, MASK] = ['10.0.0.3', '10.0.0.4', '255.255.255.0'] as const
/** Exit codes of the trial. An exception in it ends with 1. */
const [DROPPED, UNKNOWN] = [10, 11]

/** Whether any rule could refuse something: without one nothing need be tried. */
const mayRefuse = (rules: string) => /\b(drop|reject|queue)\b/i.test(rules)

/** Runs in a network of its own: loads the rules, and is pinged by a child in another one. */
function tryRules(rules: string, [program, ...words]: Words): number {
  if (spawnSync(program, words, { input: rules, stdio: ['pipe', 'ignore', 'ignore'] }).status !== 0) return UNKNOWN
  setip('lo', '127.0.0.1', '255.0.0.0')
  const isLaid = makeGate()
  const ping = () => {
    isLaid.wait()
    setip('veth1', INSIDE, MASK)
    awaitRunning('veth1')
    const { status } = spawnSync('ping', ['-c', '1', '-W', '2', OUTSIDE], { stdio: 'ignore' })
    // ping ends with 1 if nobody has answered.
    return status === 1 ? DROPPED : (status ?? UNKNOWN)
  }
  const pid = clone(ping, CLONE_NEWNET | SIGCHLD)
  const pair = ['link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1', 'netns', String(pid)]
  if (spawnSync('ip', pair, { stdio: 'ignore' }).status !== 0) {
    kill(pid, 'SIGKILL')
    waitpid(pid)
    return UNKNOWN
  }
  setip('veth0', OUTSIDE, MASK)
  isLaid.open()
  return waitpid(pid).code ?? UNKNOWN
}

/** The commands that let echo requests in, in each chain of nftables through which they come. */
function letIn(rules: string): string {
  const chains: string[] = []
  let [table, chain] = ['', '']
  for (const line of rules.split('\n')) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table
    chain = /^\s+chain (\S+) \{/.exec(line)?.[1] ?? chain
    if (/\btype filter hook input\b/.test(line)) chains.push(`${table} ${chain}`)
  }
  return chains.map(each => `nft insert rule ${each} icmp type echo-request accept`).join(' && ')
}

/** The firewall that drops pings, if one does. It takes root to see its rules. */
function refusingFirewall(): Unanswered | undefined {
  for (const { print, load } of FIREWALLS) {
    const [program, ...words] = print
    if (!findProgram(program) || !findProgram(load[0])) continue
    const { status, stdout } = spawnSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    if (status !== 0 || !mayRefuse(stdout)) continue
    if (waitpid(clone(() => tryRules(stdout, load), CLONE_NEWNET | SIGCHLD)).code !== DROPPED) continue
    const tables = program.replace('-save', '')
    return {
      seen: `with a copy of the rules of ${tables}, a ping from another network got no answer`,
      cause: `this machine's firewall (${print.join(' ')}) drops what comes from a new network`,
      remedy:
        program === 'nft' ? letIn(stdout) : `${tables} -w ${LOCK} -I INPUT -p icmp --icmp-type echo-request -j ACCEPT`,
    }
  }
  return undefined
}

/** Why the network that the calling process is in answers no ping; `undefined` where nothing is found that prevents it. */
export function whyUnanswered(): Unanswered | undefined {
  const ignoring = readFileSync(SETTING, 'utf8').trim() === '1'
  if (ignoring)
    return {
      seen: 'net.ipv4.icmp_echo_ignore_all is 1',
      cause: 'this machine ignores echo requests',
      remedy: 'sysctl net.ipv4.icmp_echo_ignore_all=0',
    }
  return process.geteuid?.() === 0 && findProgram('ip') && findProgram('ping') ? refusingFirewall() : undefined
}

/**
 * Says why nobody answered, where the machine is at fault; returns where it is not.
 * @param what who asks, `lab 3`
 * @throws CannotRun with the reason and the remedy
 */
export function blameMachineForSilence(what: string): void {
  const why = whyUnanswered()
  if (why) throw new CannotRun(`${what} got no answer: ${why.cause}\nseen: ${why.seen}\nhint: ${why.remedy}`)
}
