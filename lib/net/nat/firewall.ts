/**
 * Rules that forward and rewrite, in a table of their own that goes at the end. They are set by nft(8), or by
 * iptables-nft(8) where there is none, and each is shown as the command that sets it.
 */
import { spawnSync } from 'node:child_process'
import { CannotRun } from '../../errors.ts'
import { findProgram } from '../../machine/find-program.ts'
import { installHint } from '../../machine/packages.mjs'
import { FAMILY, familyOf } from '../ip.ts'

/** Where somebody can be reached over TCP. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** The rules of one table, in the calling thread's network. */
export interface Firewall {
  /** What leaves the bridge's network for another one gets the address of the interface by which it leaves. */
  masquerade(subnet: string, bridge: string): void
  /** Whoever connects to the one is connected to the other. */
  publish(at: Endpoint, to: Endpoint): void
  /** Drops all that is forwarded, as a firewall does whose policy is to drop. */
  dropForwarded(): void
  /** Removes the table with all that is in it. It never fails: what is gone already need not go. */
  remove(): void
}

type Rules = Omit<Firewall, 'remove'>

/** The programs that can write rules of nf_tables, the first choice first. */
const PROGRAMS = ['nft', 'iptables-nft'] as const
const MODULES = 'modprobe -a nf_tables nft_chain_nat nft_masq nft_nat nf_nat'

/**
 * The program by which rules are set here.
 * @param what who asks, `lab 9`
 * @throws CannotRun with the remedy where there is neither nft(8) nor iptables-nft(8)
 */
export function ruleProgram(what: string): (typeof PROGRAMS)[number] {
  const found = PROGRAMS.find(program => findProgram(program))
  if (found) return found
  throw new CannotRun(
    `${what} needs the program nft (or iptables-nft), and PATH has neither\nhint: ${installHint(['nft'])}`,
  )
}

/** `10.9.0.2:80`, `[fd09::2]:80`. */
export const endpointText = ({ address, port }: Endpoint): string =>
  familyOf(address) === FAMILY.AF_INET6 ? `[${address}]:${port}` : `${address}:${port}`

/** Runs a command of the table. @throws CannotRun with what the program said */
function run(program: string, words: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] })
  if (status === 0) return
  const [said = 'it said nothing'] = (error?.message ?? stderr).trim().split('\n')
  const isKernel = /not supported|No such file|not exist|Protocol|module/i.test(said)
  const hint = isKernel ? `this kernel lacks a part of nf_tables: ${MODULES}` : 'see nft(8); npm run doctor says more'
  throw new CannotRun(`${program} refused a rule: ${[program, ...words].join(' ')}\nseen: ${said}\nhint: ${hint}`)
}

/** Rules by nft(8): a table for each family, in which chains are made when a rule needs them. */
function byNft(table: string, tell: (command: string) => void): Rules {
  const done = new Set<string>()
  const nft = (...words: string[]) => {
    tell(['nft', ...words].join(' '))
    run('nft', words)
  }
  const once = (...words: string[]) => {
    if (!done.has(words.join(' '))) nft(...words)
    done.add(words.join(' '))
  }
  const chain = (family: string, name: string, what: string) => {
    once('add', 'table', family, table)
    once('add', 'chain', family, table, name, `{ ${what} ; }`)
  }
  const of = (address: string) => (familyOf(address) === FAMILY.AF_INET ? 'ip' : 'ip6')
  return {
    masquerade(subnet, bridge) {
      const family = of(subnet)
      chain(family, 'leaving', 'type nat hook postrouting priority 100')
      nft(
        'add',
        'rule',
        family,
        table,
        'leaving',
        family,
        'saddr',
        subnet,
        'oifname',
        '!=',
        `"${bridge}"`,
        'masquerade',
      )
    },
    publish(at, to) {
      const family = of(at.address)
      chain(family, 'arriving', 'type nat hook prerouting priority -100')
      const match = [family, 'daddr', at.address, 'tcp', 'dport', String(at.port)]
      nft('add', 'rule', family, table, 'arriving', ...match, 'dnat', 'to', endpointText(to))
    },
    dropForwarded: () => chain('ip', 'passing', 'type filter hook forward priority 0 ; policy drop'),
  }
}

/** Rules by iptables-nft(8): in the tables that all share, so each bears a comment by which it is found again. */
function byIptables(mark: string, tell: (command: string) => void): Rules {
  const rule = (address: string, table: string, ...words: string[]) => {
    const program = familyOf(address) === FAMILY.AF_INET ? 'iptables-nft' : 'ip6tables-nft'
    tell([program, '-t', table, '-I', ...words].join(' '))
    run(program, ['-t', table, '-I', ...words, '-m', 'comment', '--comment', mark])
  }
  return {
    masquerade: (subnet, bridge) =>
      rule(subnet, 'nat', 'POSTROUTING', '-s', subnet, '!', '-o', bridge, '-j', 'MASQUERADE'),
    publish: (at, to) => {
      const match = ['-d', at.address, '-p', 'tcp', '--dport', String(at.port)]
      rule(at.address, 'nat', 'PREROUTING', ...match, '-j', 'DNAT', '--to-destination', endpointText(to))
    },
    dropForwarded: () => rule('', 'filter', 'FORWARD', '-j', 'DROP'),
  }
}

/** Takes out the rules with a comment, which iptables prints as it takes them. */
function removeMarked(program: string, table: string, mark: string): void {
  const { stdout } = spawnSync(program, ['-t', table, '-S'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  // The whole comment: lab9_br1 is not lab9_br10, which another lab may have.
  const rules = (stdout ?? '').split('\n').map(line => line.split(' '))
  for (const words of rules.filter(words => words[words.indexOf('--comment') + 1] === mark))
    spawnSync(program, ['-t', table, '-D', ...words.slice(1)], { stdio: 'ignore' })
}

/**
 * Removes a table of {@link makeFirewall} from the calling thread's network, whichever program has written its rules. It
 * never fails: what is gone already need not go.
 * @param table its name
 */
export function removeTable(table: string): void {
  for (const family of ['ip', 'ip6']) spawnSync('nft', ['delete', 'table', family, table], { stdio: 'ignore' })
  for (const program of ['iptables-nft', 'ip6tables-nft'])
    for (const shared of ['nat', 'filter']) removeMarked(program, shared, table)
}

/**
 * A table of rules in the calling thread's network; it is made when the first rule is.
 * @param table its name
 * @param tell is called with each command before it runs
 * @throws CannotRun where there is no program to set rules with
 */
export function makeFirewall(table: string, tell: (command: string) => void): Firewall {
  const rules = ruleProgram('this lab') === 'nft' ? byNft(table, tell) : byIptables(table, tell)
  return { ...rules, remove: () => removeTable(table) }
}
