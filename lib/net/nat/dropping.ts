/**
 * What of a bridge's packets a firewall drops, read from its rules as they are printed: on their way through the machine,
 * or, where they come for the machine itself, at the port of a resolver. And what lets them pass.
 */

/** What a firewall drops, each with the command that lets it pass. */
export interface Dropping {
  /** What is forwarded from or to the bridge. */
  readonly forward: readonly string[]
  /** What comes from the bridge to the port of a resolver. */
  readonly input: readonly string[]
}

/** A chain as nft(8) prints it. */
interface Chain {
  /** `ip filter FORWARD`, by which a rule is put into it. */
  readonly words: string
  readonly hook: string | undefined
  readonly drops: boolean
  readonly rules: readonly string[]
}

const NAMES_RESOLVER = /\bdports?\b.*(?<![\d.])(?:53|domain)(?![\d.])/
const ACCEPTS = /\baccept\b|-j ACCEPT/
const DROPS = /\b(?:drop|reject)\b|-j (?:DROP|REJECT)/
/** Packets of which somebody has already been let in: they open nothing. */
const IS_ANSWER = /established/

const names = (bridge: string) => (rule: string) => rule.split(/[\s"]+/).includes(bridge)
/** A rule that asks for nothing. */
const IS_PLAIN = /^(?:counter(?: packets \d+ bytes \d+)? )?accept$|^-A \S+ -j ACCEPT$/

/** The chains in the output of `nft list ruleset`. */
function chainsOf(text: string): Chain[] {
  let table = ''
  const found: { words: string; lines: string[] }[] = []
  for (const line of text.split('\n').map(each => each.trim())) {
    const [, ofTable] = /^table (\S+ \S+) \{/.exec(line) ?? []
    const [, ofChain] = /^chain (\S+) \{/.exec(line) ?? []
    if (ofTable) table = ofTable
    else if (ofChain) found.push({ words: `${table} ${ofChain}`, lines: [] })
    else if (line !== '' && line !== '}') found.at(-1)?.lines.push(line)
  }
  return found.map(({ words, lines }) => {
    const head = lines.find(line => line.startsWith('type ')) ?? ''
    return {
      words,
      hook: /\bhook (\w+)/.exec(head)?.[1],
      drops: /\bpolicy drop\b/.test(head),
      rules: lines.filter(line => line !== head),
    }
  })
}

/** The chains of iptables at which packets arrive; all others are reached from these. */
const HOOKS = new Set(['INPUT', 'FORWARD', 'OUTPUT', 'PREROUTING', 'POSTROUTING'])

/** The same of the output of `iptables -S`. */
function chainsOfTables(text: string): Chain[] {
  const lines = text.split('\n')
  const chains = new Set(['FORWARD', 'INPUT', ...[...text.matchAll(/^-A (\S+) /gm)].map(([, name = '']) => name)])
  return [...chains].map(name => ({
    words: name,
    hook: HOOKS.has(name) ? name.toLowerCase() : undefined,
    drops: lines.some(line => line.startsWith(`-P ${name} DROP`)),
    rules: lines.filter(line => line.startsWith(`-A ${name} `)),
  }))
}

const accepts = (rules: readonly string[], isMeant: (rule: string) => boolean) =>
  rules.some(rule => ACCEPTS.test(rule) && !IS_ANSWER.test(rule) && (isMeant(rule) || IS_PLAIN.test(rule)))

/**
 * Reads what a firewall drops of a bridge's packets.
 * @param program who printed the rules: `nft`, or an iptables
 * @param text `nft list ruleset`, or `iptables -S`
 * @param bridge its name
 */
export function droppedBy(program: string, text: string, bridge: string): Dropping {
  const isNft = program === 'nft'
  const chains = isNft ? chainsOf(text) : chainsOfTables(text)
  // A chain may send packets on to those that have no hook: what they let pass is not blamed on the policy.
  const further = chains.filter(({ hook }) => hook === undefined).flatMap(({ rules }) => rules)
  const isOfBridge = names(bridge)
  const pass = (words: string, side: 'i' | 'o') =>
    isNft
      ? `nft insert rule ${words} ${side}ifname ${bridge} accept`
      : `${program} -I ${words} -${side} ${bridge} -j ACCEPT`
  const forward = chains.filter(
    ({ hook, drops, rules }) =>
      hook === 'forward' &&
      !accepts([...rules, ...further], isOfBridge) &&
      (drops || rules.some(rule => DROPS.test(rule))),
  )
  const input = chains.filter(({ hook, drops, rules }) => {
    const isMeant = (rule: string) => NAMES_RESOLVER.test(rule) || isOfBridge(rule)
    if (hook !== 'input') return false
    if (rules.some(rule => DROPS.test(rule) && NAMES_RESOLVER.test(rule))) return true
    return drops && !accepts([...rules, ...further], isMeant)
  })
  return {
    forward: forward.flatMap(({ words }) => [pass(words, 'i'), pass(words, 'o')]),
    input: input.map(({ words }) => pass(words, 'i')),
  }
}
