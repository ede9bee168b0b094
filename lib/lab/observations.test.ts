/**
 * What the labs show: the kernel's log, strips, bars, plots, and the keeper behind them all.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import test from 'node:test'
import { fork } from '../clone.ts'
import { pipe } from '../gate.ts'
import { checkLimit, PAGE_SIZE, wholePages } from '../group/memory.ts'
import { writeAll } from '../machine/output.ts'
import { poll } from '../machine/poll.ts'
import { getpid, kill, sleep, waitpid } from '../process.ts'
import { thrownBy } from '../testing/in-child.ts'
import { keep } from '../tidy/keeper.ts'
import { oomReport, openKernelLog } from '../trace/kmsg.ts'
import { bytes } from './knobs.ts'
import { drawPlot } from './plot.ts'
import { drawBar, drawTicks } from './strip.ts'

const log = openKernelLog()

test('a line that a program writes to the kernel log is not taken for one of the kernel', {
  skip: !log && 'no /dev/kmsg',
}, () => {
  const word = `oom-kill:constraint=CONSTRAINT_MEMCG,task=forged,pid=${getpid()}`
  writeFileSync('/dev/kmsg', word)
  writeFileSync('/dev/kmsg', `<0>${word}`)
  assert.equal(
    log?.read().some(line => line.includes('forged')),
    false,
  )
})

test('the report of a kill is that of the group, and of the process it names', () => {
  const kill = (group: string, pid: number) =>
    `oom-kill:constraint=X,oom_memcg=/a,task_memcg=/a/${group},task=node,pid=${pid},uid=0`
  const killed = (pid: number) => `Memory cgroup out of memory: Killed process ${pid} (node) total-vm:1kB`
  const lines = [kill('mine', 7), killed(7), kill('other', 70), killed(70)]
  assert.deepEqual(oomReport(lines, 'mine', 1), { kill: lines[0], killed: lines[1] })
  assert.deepEqual(oomReport(lines, 'nobody', 1), { kill: undefined, killed: undefined })
})

test('ticks are drawn where they were, with a gap where there were none', () => {
  const [strip, scale] = drawTicks([0, 0.1, 0.2, 1.2, 1.3], 1.4)
  assert.equal(strip.length, 28)
  assert.match(strip, /^\|\.\|\.\|\.{19}\|\.\|\.$/)
  assert.match(scale, /^0 s {17}1 s$/)
})

test('a bar is full at the limit and never longer', () => {
  assert.equal(drawBar(0, 4), '[....]')
  assert.equal(drawBar(0.5, 4), '[##..]')
  assert.equal(drawBar(7, 4), '[####]')
})

test('a plot has a dot for each step, the limit, and its words as text', () => {
  const plot = {
    title: 'A & B',
    values: [0, 5e6, 9e6],
    limit: 1e7,
    xLabel: 'step',
    yLabel: 'MB',
    ending: 'killed <here>',
  }
  const svg = drawPlot(plot)
  assert.equal([...svg.matchAll(/<circle /g)].length, 3)
  assert.match(svg, /limit: 10,000,000 bytes</)
  assert.match(svg, /A &#38; B/)
  assert.doesNotMatch(svg, /killed <here>|NaN|undefined/)
})

test('a number of bytes may end in k, M or G, and is refused below 1', () => {
  const { parse } = bytes(1, '')
  assert.deepEqual(['20000000', '20M', '5k', '1G'].map(parse), [2e7, 2e7, 5e3, 1e9])
  assert.deepEqual(
    ['0', '-1', '1.5', '20MB', '', '1e6'].map(parse),
    Array.from({ length: 6 }, () => undefined),
  )
})

test('a limit is rounded down to whole pages, and refused where the machine has less', () => {
  assert.equal(wholePages(20_000_000), 20_000_000 - (20_000_000 % PAGE_SIZE))
  assert.match(
    thrownBy(() => checkLimit(1e15, 1e15)).message,
    /^--limit 1000000000000000 is more than this machine has to spare/,
  )
})

/** Starts an owner of a keeper, and says whether the keeper cleaned up. */
function cleansUp(end: (release: () => void) => void): boolean {
  const { readEnd, writeEnd } = pipe()
  const owner = fork(() => {
    const keeper = keep(() => writeAll(writeEnd, 'c'), writeEnd)
    end(() => keeper.release())
  })
  waitpid(owner)
  return poll([readEnd], 0.5).length > 0
}

test('a keeper cleans up when its maker ends in any way, and not when it was released', () => {
  assert.equal(
    cleansUp(() => {}),
    true,
  )
  assert.equal(
    cleansUp(() => kill(getpid(), 'SIGKILL')),
    true,
  )
  assert.equal(
    cleansUp(release => release()),
    false,
  )
})

test('a keeper does not wait for processes that its maker left behind', () => {
  assert.equal(
    cleansUp(() => {
      fork(() => sleep(5))
    }),
    true,
  )
})
