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
import type { Moment, Observation, ProcessRecord } from '../observer/record.ts'
import type { ContainerRecord } from '../witnesses/container.ts'
import type { GroupsRecord } from '../witnesses/groups.ts'
import type { KernelLogRecord } from '../witnesses/kernel-log.ts'
import type { MemoryMoment, MemoryRecord } from '../witnesses/memory.ts'
import type { NetworkMoment, NetworkRecord } from '../witnesses/network.ts'
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
    sharing: { VM: false, FILES: false, FS: false, SIGHAND: false },
    creator: place,
  }
  const status = { code: signal ? null : 0, signal, coreDumped: false }
  return {
    pid,
    numbers: [pid],
    creator: PROGRAM,
    parent: PROGRAM,
    flags: 0,
    born: 0,
    birth,
    programs: [],
    status,
    ended: 9,
  }
}

const MEMORY: MemoryMoment = { order: 9, group: GROUP, limit: LIMIT, usage: 0, peak: LIMIT, oomKills: 1 }
const LINK = { flags: 0, isUp: true, kind: 'veth', peerIsElsewhere: true }
const NETWORK = {
  net: 2,
  links: [{ ...LINK, name: 'veth1', index: 2, peerIndex: 3, addresses: ['10.0.0.4/24'] }],
  icmp: { OutEchos: 3, InEchoReps: 3, InEchos: 0 },
  loopback: 0,
  neighbours: ['veth1'],
  outside: {
    links: [{ ...LINK, name: 'veth0', index: 3, peerIndex: 2, addresses: ['10.0.0.3/24'] }],
    icmp: { InEchos: 3, OutEchos: 0 },
    loopback: 0,
    neighbours: ['veth0'],
  },
} as unknown as NetworkMoment

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
  stopped: new Set(),
  networks: [NETWORK],
  freshLinks: [],
  sandbox: OUTSIDE,
  timedOut: undefined,
  hits: [],
  leftovers: [],
  groupWrites: [
    { order: 1, from: PROGRAM, group: GROUP, file: 'memory.max', text: '20000000', usage: 0, result: 8, limit: LIMIT },
  ],
  memory: [MEMORY],
  members: new Map([[GROUP, new Set([CHILD])]]),
  kernelLog: [OOM],
  logHasOurNumbers: true,
  containers: [],
  fs: '1:1',
  mountsBefore: [],
  typed: { asked: [], planned: 0 },
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

test('without memory.peak nobody knows the most that a group held', () => {
  assert.deepEqual(objections(lab5, { memory: [{ ...MEMORY, peak: undefined }] }), only(lab5, PEAK))
  const nobodyKilled = objections(lab5, { memory: [{ ...MEMORY, peak: undefined, oomKills: 0 }] })
  assert.ok(nobodyKilled.failed.includes(title(lab5, PEAK)))
})

test('without a counter oom_kill nobody knows whether it rose', () => {
  assert.deepEqual(objections(lab5, { memory: [{ ...MEMORY, oomKills: Number.NaN }] }), only(lab5, COUNTER))
})

test('a limit whose effect could not be read is no limit with another value', () => {
  const [{ limit: _, ...write } = {}] = GOOD.groupWrites
  const groupWrites = [write as Seen['groupWrites'][number]]
  assert.deepEqual(objections(lab5, { groupWrites }), only(lab5, LIMITED))
})

test("a kernel's log that cannot be read, or has other numbers, is no log without the line", () => {
  assert.deepEqual(objections(lab5, { kernelLog: undefined }), only(lab5, LOG))
  const others = { logHasOurNumbers: false, kernelLog: [OOM.replace(`pid=${CHILD}`, 'pid=7')] }
  // The only one that was ever in the group needs no number.
  assert.deepEqual(objections(lab5, others), NONE)
  const two = new Map([[GROUP, new Set([CHILD, PROGRAM])]])
  assert.deepEqual(objections(lab5, { ...others, members: two }).unjudged, [title(lab5, LOG)])
  assert.deepEqual(objections(lab5, { ...others, kernelLog: [] }), only(lab5, LOG))
  assert.deepEqual(objections(lab5, { kernelLog: [] }).failed, [title(lab5, LOG)])
})

test('a network that nobody saw, or whose packets nobody counted, is no empty network', () => {
  const { failed, unjudged } = objections(lab3, { networks: [] })
  assert.deepEqual([failed, unjudged.length], [[], lab3.length - 1])
  assert.deepEqual(objections(lab3, { networks: [{ ...NETWORK, icmp: {} }] }), only(lab3, /answered by/, /lost/))
})

test('where nothing could be typed nobody answered; who kills a container before it can be seen has none', () => {
  const processes = new Map([...GOOD.processes, [102, process(102, { ...OUTSIDE, pid: 2 }, null)] as const])
  const { failed, unjudged } = objections(lab4, { processes })
  assert.deepEqual(unjudged, [title(lab4, /commands typed/)])
  assert.equal(failed.length, lab4.length - unjudged.length)
})

test('of a program that had to be ended nobody knows what it leaves behind', () => {
  assert.deepEqual(objections(EVERY_LAB, { leftovers: undefined }), only(EVERY_LAB, /left behind/))
})
