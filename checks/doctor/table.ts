/**
 * Which lab can be run and checked in which way: every cell is decided by the worst of the findings it depends on.
 */
import { LABS, type Lab, type Need, takesRoot } from '../../lib/lab/manifest.ts'
import type { Finding, State } from './find/finding.ts'
import { groupFindings } from './find/groups.ts'
import { kernelFindings } from './find/kernel.ts'
import { programFindings } from './find/programs.ts'
import { rightFindings } from './find/rights.ts'
import type { Facts } from './observe/facts.ts'

/** As root; as an ordinary user; in the virtual machine of `npm run vm`. */
export const WAYS = ['root', 'user', 'vm'] as const
export type Way = (typeof WAYS)[number]
export const ACTIONS = ['run', 'check'] as const
export type Action = (typeof ACTIONS)[number]

const allFindings = (facts: Facts) => [
  ...programFindings(facts),
  ...rightFindings(facts),
  ...groupFindings(facts),
  ...kernelFindings(facts),
]
type KnownFinding = ReturnType<typeof allFindings>[number]
type Id = KnownFinding['id']

/** What a finding decides: for these labs, in these ways, running or checking. */
interface Rule {
  readonly id: Id
  readonly labs: (needs: readonly Need[]) => boolean
  readonly ways: readonly Way[]
  readonly actions: readonly Action[]
}

const HERE = ['root', 'user'] as const
const every = () => true
const need =
  (...wanted: readonly Need[]) =>
  (needs: readonly Need[]) =>
    wanted.some(one => needs.includes(one))

const rule = (id: Id, labs: Rule['labs'], ways: readonly Way[] = HERE, actions: readonly Action[] = ACTIONS): Rule => ({
  id,
  labs,
  ways,
  actions,
})

/** Findings without a rule decide nothing: they explain others. */
const RULES: readonly Rule[] = [
  rule('wsl', every),
  rule('old-kernel', every),
  rule('root', needs => takesRoot({ needs }), ['root'], ['run']),
  rule('root', every, ['root'], ['check']),
  rule('user-namespaces', need('namespaces', 'network', 'mounts', 'user-namespaces'), ['user'], ['run']),
  rule('sandbox-namespaces', need('user-namespaces'), ['root'], ['run']),
  rule('own-proc', need('mounts'), ['user'], ['run']),
  // Without root the sandbox of a check is made in a user namespace, with a /proc of its own.
  rule('user-namespaces', every, ['user'], ['check']),
  rule('own-proc', every, ['user'], ['check']),
  rule('sandbox-namespaces', every, ['root'], ['check']),
  rule('namespace-limits', need('namespaces', 'network', 'mounts', 'user-namespaces'), HERE, ['run']),
  rule('network-limit', need('network'), HERE, ['run']),
  rule('namespace-limits', every, HERE, ['check']),
  rule('network-limit', every, HERE, ['check']),
  rule('ptrace', every, HERE, ['check']),
  rule('kcmp', every, HERE, ['check']),
  rule('kcmp', need('kcmp'), HERE, ['run']),
  rule('raw-sockets', need('ping')),
  rule('judging', every, HERE, ['check']),
  rule('root-judging', every, ['root'], ['check']),
  rule('echoes', need('ping'), ['root'], ['run']),
  rule('kernel', every, HERE, ['check']),
  rule('ip', need('ip')),
  rule('ping', need('ping')),
  rule('nft', need('nft')),
  rule('veth', need('network')),
  rule('rootfs', need('mounts')),
  rule('memory', need('memory')),
  rule('freezer', need('freezer')),
  rule('delegated-memory', need('memory'), ['user']),
  rule('delegated-freezer', need('freezer'), ['user']),
  rule('swap', need('memory')),
  rule('kernel-log', need('memory'), ['root'], ['check']),
  rule('own-kernel-log', need('memory'), ['user'], ['check']),
  rule('bounds', every, HERE, ['check']),
  rule('overlay', every, HERE, ['check']),
  rule('root-overlay', need('overlay'), ['root'], ['run']),
  rule('own-overlay', need('overlay'), ['user'], ['run']),
  // Whoever starts it, the program of a check is root of a user namespace alone.
  rule('own-overlay', need('overlay'), HERE, ['check']),
  rule('noexec', every, HERE, ['check']),
  rule('qemu', every, ['vm']),
  rule('kvm', every, ['vm']),
]

/** One cell: the answer, and which finding gave it unless all are good. */
export interface Cell {
  readonly answer: 'yes' | 'limited' | 'no' | 'unknown'
  readonly decidedBy?: string
}

/** One lab: `ways.root.check` and so on. */
export interface Row extends Pick<Lab, 'number' | 'slug' | 'title'> {
  readonly ways: Readonly<Record<Way, Readonly<Record<Action, Cell>>>>
}

/** Where a finding makes a difference. */
export interface Effect {
  readonly lab: string
  readonly way: Way
  readonly action: Action
}

/** The whole answer. */
export interface Diagnosed {
  readonly findings: readonly (Finding & { readonly affects: readonly Effect[] })[]
  readonly labs: readonly Row[]
}

const ANSWERS = { missing: 'no', unknown: 'unknown', limited: 'limited', good: 'yes' } as const
/** The worst comes first. */
const STATES = Object.keys(ANSWERS) as State[]

const applies =
  ({ needs }: Lab, way: Way, action: Action) =>
  (one: Rule) =>
    one.ways.includes(way) && one.actions.includes(action) && one.labs(needs)

function cell(findings: readonly Finding[], lab: Lab, way: Way, action: Action): Cell {
  const ids: string[] = RULES.filter(applies(lab, way, action)).map(({ id }) => id)
  const those = findings.filter(({ id }) => ids.includes(id))
  const worst = STATES.find(state => those.some(one => one.state === state)) ?? 'good'
  const decidedBy = those.find(({ state }) => state === worst)?.id
  return { answer: ANSWERS[worst], ...(worst !== 'good' && decidedBy && { decidedBy }) }
}

const byKey = <K extends string, V>(keys: readonly K[], value: (key: K) => V) =>
  Object.fromEntries(keys.map(key => [key, value(key)])) as Record<K, V>

function effects(id: string): Effect[] {
  const places = LABS.flatMap(lab => WAYS.flatMap(way => ACTIONS.map(action => ({ lab, way, action }))))
  const isMeant = ({ lab, way, action }: (typeof places)[number]) =>
    RULES.some(one => one.id === id && applies(lab, way, action)(one))
  return places.filter(isMeant).map(({ lab, way, action }) => ({ lab: lab.slug, way, action }))
}

/** Decides everything. */
export function diagnose(facts: Facts): Diagnosed {
  const found: readonly Finding[] = allFindings(facts)
  const row = (lab: Lab): Row => {
    const { number, slug, title } = lab
    const ways = byKey(WAYS, way => byKey(ACTIONS, action => cell(found, lab, way, action)))
    return { number, slug, title, ways }
  }
  return { findings: found.map(one => ({ ...one, affects: effects(one.id) })), labs: LABS.map(row) }
}

/** Whether a lab can be run in some way and checked in some way. What is unknown counts as possible. */
export const isPossible = ({ ways }: Row): boolean =>
  ACTIONS.every(action => WAYS.some(way => ways[way][action].answer !== 'no'))
