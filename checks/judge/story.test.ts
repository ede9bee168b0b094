/**
 * The story of a program: that every kind of event comes from what a program really does, that causes come before what
 * they bring about, however busy the machine is, and that it costs nothing where nobody asks for it.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { STORY_CALLS } from '../../lib/trace/seccomp.ts'
import { checkedLab } from '../labs/all.ts'
import type { Kind, Of, StoryEvent, Told } from '../observer/story/event.ts'
import { commandFor } from '../ready/ready.ts'
import { linesThatCount } from '../report/story/lines.ts'
import { callsToStopAt } from '../sandbox/plan.ts'
import { preferred } from '../testing/preferred.ts'
import { judgePatiently } from '../testing/programs.ts'
import { judgeInChild } from './in-child.ts'
import type { Finding } from './judge.ts'
import { needsOf } from './look-on.ts'

const folder = mkdtempSync(join(tmpdir(), 'story-'))
after(() => rmSync(folder, { recursive: true }))
const labProgram = (slug: string) => join(ROOT, 'labs', `${slug}.ts`)
const EVERY_CALL = join(import.meta.dirname, 'fixtures', 'every-call.py')
const python = { skip: !findProgram('python3') && 'no python3' }

function script(name: string, ...lines: readonly string[]): string {
  const file = join(folder, name)
  writeFileSync(file, ['#!/bin/sh', ...lines, ''].join('\n'))
  chmodSync(file, 0o755)
  return file
}

/** The story of a program that is judged as one of a lab. */
async function storyOf(slug: string, program: string, timeout = 60): Promise<Told> {
  const verdict = await judgePatiently({ slug, command: await commandFor(program), story: 'program' }, timeout)
  assert.ok(verdict.kind === 'judged' && verdict.story, JSON.stringify(verdict))
  return verdict.story
}

const of = <K extends Kind>({ events }: Told, kind: K): (StoryEvent & { readonly what: Of<K> })[] =>
  events.filter((event): event is StoryEvent & { readonly what: Of<K> } => event.what.kind === kind)

const kindsOf = ({ events }: Told) => new Set(events.map(({ what }) => what.kind))

/** What must come before what, in any story. */
function checkCauses(told: Told): void {
  const { events, program } = told
  assert.deepEqual(
    events.map(({ order }) => order),
    events.map((_, i) => i + 1),
  )
  for (const [i, { time }] of events.entries()) assert.ok(time >= (events[i - 1]?.time ?? 0), `time of ${i + 1}`)
  const first = (is: (event: StoryEvent) => boolean) => events.find(is)?.order ?? Number.POSITIVE_INFINITY
  const births = of(told, 'birth')
  for (const { who, order } of births) {
    const pid = who?.pid ?? 0
    if (pid !== program)
      assert.ok(
        first(({ what }) => what.kind === 'clone' && what.child === pid) < order,
        `clone before birth of ${pid}`,
      )
    assert.ok(first(event => event.who?.pid === pid) === order, `nothing of ${pid} before its birth`)
  }
  for (const { who, what, order } of of(told, 'exit')) {
    const later = events.find(event => event.order > order && event.who?.pid === who?.pid)
    assert.equal(later, undefined, `something of ${who?.pid} after its end`)
    if (what.signal !== 'SIGKILL') continue
    const isCause = ({ what: other, who: by }: StoryEvent) =>
      (other.kind === 'signal' && other.target === who?.pid) || (other.kind === 'oom' && by?.pid === who?.pid)
    const isOfNamespace = of(told, 'exit').some(end => end.order < order && end.who?.numbers.at(-1) === 1)
    assert.ok(first(isCause) < order || isOfNamespace, `the cause before the end of ${who?.pid}`)
  }
  for (const { what, order } of of(told, 'packet')) {
    if (what.echo === 'reply') {
      const isRequest = ({ what: other }: StoryEvent) =>
        other.kind === 'packet' && other.echo === 'request' && other.id === what.id && other.sequence === what.sequence
      assert.ok(first(isRequest) < order, `request ${what.sequence} before its reply`)
    }
  }
  for (const { what, order } of of(told, 'freezer')) {
    const text = what.state === 'frozen' ? /^(FROZEN|1)$/ : /^(THAWED|0)$/
    assert.ok(first(({ what: other }) => other.kind === 'write' && text.test(other.text)) < order, what.state)
  }
}

test('the labs: every kind of event that they bring about, in order, with the lines of their files', {
  concurrency: 3,
}, async suite => {
  const expected: Readonly<Record<string, readonly Kind[]>> = {
    '01-fork-vs-clone': ['birth', 'exec', 'clone', 'close', 'chdir', 'exit'],
    '02-newpid': ['clone', 'signal', 'exit'],
    '03-newnet': ['clone', 'link', 'address', 'route', 'packet'],
    '04-newns': ['clone', 'mount', 'chroot', 'hostname', 'link', 'address', 'typed', 'read', 'answered'],
    '05-memory-oom': ['clone', 'group', 'write', 'memory', 'oom', 'exit'],
    '06-freezer': ['clone', 'group', 'write', 'freezer', 'signal'],
    '08-layers': ['clone', 'mount', 'umount', 'pivot_root', 'chroot', 'overlay', 'layer', 'escape', 'volume', 'spread'],
  }
  const more: Readonly<Record<string, (told: Told) => void>> = {
    '02-newpid': told => {
      const [, signal] = of(told, 'signal')
      assert.deepEqual(
        of(told, 'signal').map(({ what }) => what.answer),
        ['ESRCH', 'done'],
      )
      assert.equal(signal?.what.target, of(told, 'exit')[0]?.who?.pid)
      const made = of(told, 'clone').find(({ what }) => what.makes.includes('pid'))
      assert.match(made?.what.flags ?? '', /CLONE_NEWPID/)
      assert.match(made?.line ?? '', /^labs\/02-newpid\.ts:\d+$/)
      assert.equal(made?.what.childNumbers?.at(-1), 1)
    },
    '03-newnet': told => {
      const requests = of(told, 'packet').filter(({ what }) => what.echo === 'request' && what.way === 'out')
      assert.deepEqual(
        requests.map(({ what }) => what.sequence),
        [1, 2, 3],
      )
      for (const { who } of of(told, 'exec').filter(({ what }) => what.words[0] === 'ip'))
        assert.equal(who?.program, 'ip')
    },
    '05-memory-oom': told => {
      const [oom] = of(told, 'oom')
      assert.equal(oom?.what.limit, 19_996_672)
      assert.ok(of(told, 'exit').some(({ who, what }) => who?.pid === oom?.who?.pid && what.signal === 'SIGKILL'))
      assert.ok(of(told, 'write').some(({ what }) => what.limit?.to === 19_996_672))
      const usages = of(told, 'memory').map(({ what }) => what.usage)
      assert.ok(Math.max(...usages) > 1_000_000, 'how it filled up')
    },
    '06-freezer': told => {
      assert.deepEqual(
        of(told, 'freezer')
          .slice(0, 2)
          .map(({ what }) => what.state),
        ['frozen', 'thawed'],
      )
      assert.ok(of(told, 'write').some(({ what }) => what.joined?.length === 1))
    },
  }
  const look = async (slug: string, kinds: readonly Kind[]) => {
    const told = await storyOf(slug, labProgram(slug))
    checkCauses(told)
    assert.deepEqual(
      kinds.filter(kind => !kindsOf(told).has(kind)),
      [],
    )
    assert.ok(
      told.events.some(({ line }) => line?.startsWith(`labs/${slug}.ts:`)),
      'a line of the lab',
    )
    more[slug]?.(told)
  }
  await Promise.all(Object.entries(expected).map(([slug, kinds]) => suite.test(slug, () => look(slug, kinds))))
})

test('what no lab does: namespaces by unshare and setns, roots, failed calls, threads', python, async () => {
  const told = await storyOf('03-newnet', EVERY_CALL)
  checkCauses(told)
  const kinds: Kind[] = ['unshare', 'setns', 'mount', 'umount', 'pivot_root', 'chroot', 'hostname', 'route', 'unknown']
  assert.deepEqual(
    kinds.filter(kind => !kindsOf(told).has(kind)),
    [],
  )
  const clones = of(told, 'clone')
  assert.ok(clones.some(({ what }) => what.answer === 'EINVAL' && what.child === undefined))
  assert.ok(clones.some(({ what }) => what.isThread))
  const third = clones.find(({ what }) => what.call === 'clone3' && !what.isThread)
  assert.deepEqual([third?.what.flags, third?.what.makes], ['CLONE_NEWUTS|SIGCHLD', ['uts']])
  assert.ok(told.events.some(({ who }) => who?.thread !== undefined))
  assert.ok(of(told, 'signal').some(({ what }) => what.call === 'pidfd_send_signal' && what.answer === 'done'))
  assert.ok(of(told, 'unshare').every(({ what }) => what.answer === 'done' && what.namespaces))
  assert.ok(of(told, 'link').some(({ what }) => what.change === 'renamed' && what.name === 'z'))
})

/**
 * A program that never ends, judged with ever more time until it has come as far as it goes on a busy machine, too. One
 * that others keep from computing is not judged at all: so it is preferred to them.
 */
async function endedWhen(program: string, hasCome: (told: Told) => boolean) {
  for (const timeout of [1, 4, 16, 64]) {
    const judged = () => judgeInChild({ slug: '02-newpid', command: [program], story: 'it' }, timeout).verdict
    const verdict = await preferred(judged)
    if (verdict.kind === 'judged' && verdict.story && hasCome(verdict.story)) return { ...verdict, timeout }
  }
  return assert.fail('it did not come so far in 64 s')
}

const failureOf = (findings: readonly Finding[]) =>
  findings.find(({ title }) => title.startsWith('the program ends by itself'))?.failure

test('a program that had to be ended: what it did by then, what it waited for, and that its time was up', async () => {
  const isAsleep = (told: Told) => of(told, 'waits').some(({ what }) => what.call === 'clock_nanosleep')
  const { story, findings, timeout } = await endedWhen(script('sleeps', 'sleep 3600', 'exit 1'), isAsleep)
  assert.ok(story)
  assert.equal(of(story, 'timeout')[0]?.what.seconds, timeout)
  assert.deepEqual(
    of(story, 'waits').map(({ what }) => what.call),
    ['wait4', 'clock_nanosleep'],
  )
  assert.ok(of(story, 'exec').some(({ what }) => what.words.join(' ') === 'sleep 3600'))
  const { seen = '', cause = '' } = failureOf(findings) ?? {}
  assert.match(
    seen,
    /^still running after \d+ s, then ended; \d+ waited in wait4\(\); \d+ waited in clock_nanosleep\(\)$/,
  )
  assert.match(cause, /^it waits for something/)
})

test('of one that computes for ever it is said that it does', async () => {
  const isAtIt = (told: Told) => of(told, 'waits').some(({ what }) => what.call === 'nothing')
  const { findings } = await endedWhen(script('computes', 'while :; do :; done'), isAtIt)
  assert.match(failureOf(findings)?.seen ?? '', /^still running after \d+ s, then ended; \d+ computed$/)
  assert.match(failureOf(findings)?.cause ?? '', /^a loop that never ends/)
})

test('on a busy machine the story of lab 2 is the same, in the same order', async () => {
  const plain = (told: Told) => {
    checkCauses(told)
    return linesThatCount(told).map(({ text, line }) => [text.replace(/\d{3,}/g, 'N'), line])
  }
  const idle = plain(await storyOf('02-newpid', labProgram('02-newpid')))
  const others = Array.from({ length: 6 }, () => spawn('/bin/sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }))
  try {
    assert.deepEqual(plain(await storyOf('02-newpid', labProgram('02-newpid'), 120)), idle)
  } finally {
    for (const one of others) one.kill('SIGKILL')
  }
})

test('where nobody asks for it no call more is stopped at, and the program is not told of it', async () => {
  for (const slug of ['01-fork-vs-clone', '02-newpid', '03-newnet', '04-newns', '05-memory-oom', '06-freezer']) {
    const needs = needsOf(checkedLab(slug).witnesses)
    const own = callsToStopAt(needs).filter(call => STORY_CALLS.includes(call) || /^mkdir/.test(call))
    assert.deepEqual(
      own.filter(call => !needs.calls?.includes(call)),
      [],
      slug,
    )
    assert.deepEqual(
      STORY_CALLS.filter(call => !callsToStopAt({ ...needs, story: 'x' }).includes(call)),
      [],
    )
  }
  const program = script('tells', 'env; hostname other')
  const read = (seen: { readonly story: readonly StoryEvent[] }) => seen.story.map(({ what }) => what.kind)
  const verdict = await judgePatiently({ slug: '02-newpid', command: [program] }, 60, read)
  assert.ok(verdict.kind === 'judged')
  assert.equal(verdict.story, undefined)
  assert.doesNotMatch(verdict.output, /CHECK_STORY/)
  // What processes do the observer sees in any case.
  assert.deepEqual([...new Set(verdict.read)].sort(), ['birth', 'clone', 'exec', 'exit'])
  const asked = await judgePatiently({ slug: '02-newpid', command: [program], story: 'tells' }, 60, read)
  assert.ok(asked.kind === 'judged' && asked.read?.includes('hostname'))
  assert.match(asked.output, /CHECK_STORY=1/)
})
