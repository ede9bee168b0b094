/**
 * What could not be observed proves nothing: of a run that was good, one observation after the other is taken away.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { wholePages } from '../../lib/group/memory.ts'
import { checker as lab3 } from '../labs/03-newnet/claims.ts'
import { checker as lab4 } from '../labs/04-newns/claims.ts'
import { checker as lab5 } from '../labs/05-memory-oom/claims.ts'
import { type Checker, EVERY_LAB, isUnjudged } from '../labs/claim.ts'
import { NOTHING as SHARES_NOTHING } from '../observer/moment.ts'
import type { Moment, Observation, ProcessRecord } from '../observer/record.ts'
import type { ContainerRecord } from '../witnesses/container.ts'
import type { GroupsRecord } from '../witnesses/groups.ts'
import type { KernelLogRecord } from '../witnesses/kernel-log.ts'
import type { MemoryMoment, MemoryRecord } from '../witnesses/memory.ts'
import type { NetworkHistory, PassedEcho } from '../witnesses/net/followed-network.ts'
import type { NetworkRecord } from '../witnesses/network.ts'
import type { TerminalRecord } from '../witnesses/terminal.ts'

const OUTSIDE = { pid: 1, net: 1, mnt: 1, uts: 1, ipc: 1, user: 1, cgroup: 1 } as Moment['namespaces']
const [PROGRAM, CHILD] = [100, 101]
const GROUP = '/sys/fs/cgroup/containers-from-clone.check.1/lab'
const LIMIT = wholePages(20_000_000)
const OOM = `oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=${GROUP},task_memcg=${GROUP},task=x,pid=${CHILD},uid=0`

function process(pid: number, namespaces: Moment['namespaces'], signal: string | null): ProcessRecord {
  const place = { directory: '1:1', descriptors: [] }
  const birth: Moment = {
    ...place,
    namespaces,
    sharing: SHARES_NOTHING,
    creator: place,
  }
  const status = { code: signal ? null : 0, signal, coreDumped: false }
  return {
    pid,
    numbers: [pid],
    creator: PROGRAM,
    caller: PROGRAM,
    parent: PROGRAM,
    flags: 0,
    born: 0,
    birth,
    programs: [],
    status,
    ended: 9,
  }
}

const MEMORY: MemoryMoment = { order: 9, group: GROUP, limit: LIMIT, usage: 0, peak: LIMIT, oomKills: 1, limitHits: 1 }
const LINK = { isUp: true, kind: 'veth', peerIsElsewhere: true } as const
const INNER = { ...LINK, name: 'veth1', index: 2, peerIndex: 3, peerNetwork: 1, addresses: ['10.0.0.4/24'] }
const OUTER = { ...LINK, name: 'veth0', index: 3, peerIndex: 2, peerNetwork: 2, addresses: ['10.0.0.3/24'] }

/** Three echo requests from the one to the other and their replies, as they pass an interface. */
function pings(index: number, request: 'in' | 'out', reply: 'in' | 'out'): PassedEcho[] {
  const [inside, outside] = [
    { source: '10.0.0.4', target: '10.0.0.3' },
    { source: '10.0.0.3', target: '10.0.0.4' },
  ]
  return [1, 2, 3].flatMap(sequence => [
    { ...inside, step: 2, at: 2, index, way: request, kind: 'request', id: 1, sequence },
    { ...outside, step: 2, at: 2, index, way: reply, kind: 'reply', id: 1, sequence },
  ])
}

function history(net: number, from: readonly number[], link: typeof INNER, echoes: PassedEcho[]): NetworkHistory {
  const moments = [{ step: 1, at: 1, links: [link], neighbours: [], routes: [] }]
  return {
    net,
    enteredFrom: new Set(from),
    moments,
    unknownFrom: Number.POSITIVE_INFINITY,
    echoes,
    isFlooded: false,
    asked: 3,
    givenUp: [],
  }
}

const INNER_NETWORK = history(2, [1], INNER, pings(2, 'out', 'in'))
const OUTER_NETWORK = history(1, [], OUTER, pings(3, 'in', 'out'))
const NETWORKS = new Map([
  [1, OUTER_NETWORK],
  [2, INNER_NETWORK],
])

/** What the witnesses of labs 3, 4 and 5 record. */
type Seen = Observation &
  NetworkRecord &
  ContainerRecord &
  TerminalRecord &
  GroupsRecord &
  MemoryRecord &
  KernelLogRecord

/** A run that all claims of labs 3 and 5 hold of. */
const GOOD: Seen = {
  program: PROGRAM,
  processes: new Map([
    [PROGRAM, process(PROGRAM, OUTSIDE, null)],
    [CHILD, process(CHILD, { ...OUTSIDE, net: 2 }, 'SIGKILL')],
  ]),
  signals: [],
  networks: NETWORKS,
  freshLinks: [],
  sandbox: OUTSIDE,
  timedOut: undefined,
  hits: [],
  leftovers: [],
  story: [],
  groupWrites: [
    { order: 1, from: PROGRAM, group: GROUP, file: 'memory.max', text: '20000000', usage: 0, result: 8, limit: LIMIT },
  ],
  memory: [MEMORY],
  members: new Map([[GROUP, new Set([CHILD])]]),
  stays: [{ group: GROUP, pid: CHILD, from: 1, to: 9 }],
  directories: new Map([[GROUP, [GROUP]]]),
  kernelLog: [OOM],
  logHasOurNumbers: true,
  containers: [],
  fs: '1:1',
  mountsBefore: [],
  mountsAtEnd: [],
  typed: { asked: [], planned: 0, isOpen: false },
  output: '',
}

/** Titles of the claims that nobody can judge, and of those that do not hold. */
function objections(checker: Checker<Seen>, without: Partial<Seen>) {
  const found = checker.map(({ title, refute }) => ({ title, objection: refute({ ...GOOD, ...without }) }))
  const titles = (unjudged: boolean) =>
    found.filter(({ objection }) => objection && isUnjudged(objection) === unjudged).map(({ title }) => title)
  return { unjudged: titles(true), failed: titles(false) }
}

const title = (checker: Checker<Seen>, part: RegExp) => checker.find(claim => part.test(claim.title))?.title as string
const only = (checker: Checker<Seen>, ...parts: RegExp[]) => ({
  unjudged: parts.map(part => title(checker, part)),
  failed: [],
})
const NONE = { unjudged: [], failed: [] }
const [LOG, PEAK, COUNTER, LIMITED] = [/log names/, /came to its limit/, /OOM counter/, /was limited/]

test('the run itself is good', () => {
  assert.deepEqual(objections(lab3, {}), NONE)
  assert.deepEqual(objections(lab5, {}), NONE)
  assert.deepEqual(objections(EVERY_LAB, {}), NONE)
})

test('a network of which not all was kept proves neither that no echo was lost nor how it was afterwards', () => {
  const flooded = (change: Partial<NetworkHistory>) => ({
    networks: new Map([...NETWORKS, [2, { ...INNER_NETWORK, ...change, isFlooded: true }]]),
  })
  assert.deepEqual(objections(lab3, flooded({})), { unjudged: [], failed: [title(lab3, /was lost/)] })
  const unknown = objections(lab3, flooded({ unknownFrom: 1 }))
  assert.ok(unknown.failed.includes(title(lab3, /three echo requests/)))
})

test('without memory.peak the claim about what a group held at most cannot be judged', () => {
  assert.deepEqual(objections(lab5, { memory: [{ ...MEMORY, peak: undefined }] }), only(lab5, PEAK))
  const nobodyKilled = objections(lab5, { memory: [{ ...MEMORY, peak: undefined, oomKills: 0 }] })
  assert.ok(nobodyKilled.failed.includes(title(lab5, PEAK)))
})

test('without the counter oom_kill the claim that it rose cannot be judged', () => {
  assert.deepEqual(objections(lab5, { memory: [{ ...MEMORY, oomKills: Number.NaN }] }), only(lab5, COUNTER))
})

test('a limit whose effect could not be read, because the group was removed meanwhile, is what was written', () => {
  const [{ limit: _, ...write } = {}] = GOOD.groupWrites
  const groupWrites = [write as Seen['groupWrites'][number]]
  assert.deepEqual(objections(lab5, { groupWrites }), NONE)
  const other = [{ ...(write as Seen['groupWrites'][number]), text: '30000000' }]
  assert.deepEqual(objections(lab5, { groupWrites: other }), { failed: [title(lab5, LIMITED)], unjudged: [] })
})

test("a kernel's log that cannot be read, or has other PIDs, is not taken for a log without the line", () => {
  assert.deepEqual(objections(lab5, { kernelLog: undefined }), only(lab5, LOG))
  const others = { logHasOurNumbers: false, kernelLog: [OOM.replace(`pid=${CHILD}`, 'pid=7')] }
  // Where only one process was ever in the group, no PID is needed.
  assert.deepEqual(objections(lab5, others), NONE)
  const two = new Map([[GROUP, new Set([CHILD, PROGRAM])]])
  assert.deepEqual(objections(lab5, { ...others, members: two }).unjudged, [title(lab5, LOG)])
  assert.deepEqual(objections(lab5, { ...others, kernelLog: [] }), only(lab5, LOG))
  assert.deepEqual(objections(lab5, { kernelLog: [] }).failed, [title(lab5, LOG)])
})

test('whoever ends before their network could be looked at has shown nothing', () => {
  assert.equal(objections(lab3, { networks: new Map([[1, OUTER_NETWORK]]) }).failed.length, lab3.length - 1)
})

test('what had been seen when time was up is judged, and what could still have come is not', () => {
  const after = (echoes: PassedEcho[]) => ({
    timedOut: 20,
    networks: new Map([...NETWORKS, [2, { ...INNER_NETWORK, echoes }]]),
  })
  const { echoes } = INNER_NETWORK
  assert.deepEqual(objections(lab3, { timedOut: 20 }), NONE)
  assert.deepEqual(objections(lab3, after([])), only(lab3, /answered by/, /lost/))
  assert.deepEqual(objections(lab3, after(echoes.slice(0, -1))), only(lab3, /answered by/))
  const last = echoes.at(-1) as PassedEcho
  assert.deepEqual(
    objections(
      lab3,
      after([...echoes, { ...last, kind: 'request', way: 'out', source: '10.0.0.4', target: '10.0.0.3', sequence: 4 }]),
    ),
    NONE,
  )
  const lossy = after(echoes.filter(({ kind, sequence }) => kind === 'request' || sequence !== 1))
  assert.deepEqual(objections(lab3, lossy).failed, [title(lab3, /lost/)])
})

test('when time was up, a process that had died of its limit had died of it, and one that lived may still do so', () => {
  const late = { timedOut: 20, leftovers: undefined }
  assert.deepEqual(objections(lab5, late), NONE)
  const { status: _, ended: __, ...alive } = process(CHILD, { ...OUTSIDE, net: 2 }, null)
  const still = {
    ...late,
    kernelLog: [],
    memory: [{ ...MEMORY, oomKills: 0, peak: 5_000_000 }],
    processes: new Map([
      [PROGRAM, process(PROGRAM, OUTSIDE, null)],
      [CHILD, alive],
    ]),
  }
  assert.deepEqual(objections(lab5, still), only(lab5, COUNTER, LOG, /nobody sent it/, PEAK))
  const shot = { ...late, memory: [{ ...MEMORY, oomKills: 0 }] }
  assert.deepEqual(objections(lab5, shot).failed, [title(lab5, COUNTER)])
})

test('without typing there is no answer, and a container that the program killed before it was seen is none', () => {
  const processes = new Map([...GOOD.processes, [102, process(102, { ...OUTSIDE, pid: 2 }, null)] as const])
  const { failed, unjudged } = objections(lab4, { processes })
  assert.deepEqual(unjudged, [title(lab4, /commands typed/)])
  assert.equal(failed.length, lab4.length - unjudged.length)
})

test('what a program leaves behind cannot be judged if it had to be killed', () => {
  assert.deepEqual(objections(EVERY_LAB, { leftovers: undefined }), only(EVERY_LAB, /left behind/))
})
