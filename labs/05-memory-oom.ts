/**
 * Lab 5: the memory cgroup. What happens to a process that wants more memory than its group may have?
 *
 * You will see a child take a megabyte at a time, the memory of its group climb to the limit, the kernel kill the
 * child, and the proof of who did it and why at that step.
 *
 * Man pages: cgroups(7), malloc(3), signal(7). Needs root, or a group that is yours, and the memory controller.
 * Run it: sudo npx tsx labs/05-memory-oom.ts
 */
import { closeSync, readSync } from 'node:fs'
import { clone } from '../lib/clone.ts'
import { UsageError } from '../lib/errors.ts'
import { SIGCHLD } from '../lib/flags.ts'
import { makeGate, pipe } from '../lib/gate.ts'
import { borrowMemoryGroup, makeOwnGroup } from '../lib/group/cgroup.ts'
import { layout } from '../lib/group/hierarchies.ts'
import { checkLimit, PAGE_SIZE, sizeOf, takeMemory } from '../lib/group/memory.ts'
import { bytes, path, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { checkPlotFile, writePlot } from '../lib/lab/plot.ts'
import { note, outside } from '../lib/lab/say.ts'
import { drawBar } from '../lib/lab/strip.ts'
import { writeAll } from '../lib/machine/output.ts'
import { waitpid } from '../lib/process.ts'
import { describeEnd } from '../lib/status.ts'
import { oomReport, openKernelLog } from '../lib/trace/kmsg.ts'

const knobs = await startLab('05-memory-oom', {
  limit: bytes(20_000_000, 'what the group may have'),
  step: bytes(1_000_000, 'what the child takes in one step'),
  pace: seconds(0.05, 'pause after each step and each line'),
  plot: path('FILE', 'draws memory against steps, as SVG'),
  group: path('DIRECTORY', 'an empty group that root has made and given to you (chown -R)'),
})
const format = (number: number) => Math.round(number).toLocaleString('en')
checkLimit(knobs.limit, knobs.step)
if (knobs.plot) checkPlotFile(knobs.plot)

// #region child
const mayStart = makeGate()
const [reports, answers] = [pipe(), pipe()]

/** For ever: reports a step, waits for the parent's answer, takes memory and fills it. */
function child(): void {
  mayStart.wait()
  for (;;) {
    writeAll(reports.writeEnd, '.')
    readSync(answers.readEnd, Buffer.alloc(1))
    // #region take-memory
    takeMemory(knobs.step)
    // #endregion take-memory
  }
}
// #endregion child

// #region group
const tell = (command: string) => outside(`# ${command}`)
const borrowed = knobs.group ? borrowMemoryGroup(knobs.group, tell) : undefined
// #region own-group
const group = borrowed ?? makeOwnGroup('lab5', 'memory', { tell })
// #endregion own-group
note(`This machine's control groups: ${layout()}. The memory controller speaks ${group.dialect}.`)
// #region limit
group.limitMemory(knobs.limit)
// #endregion limit
const before = group.memory()
const log = openKernelLog()
// #endregion group

// #region parent
// #region join
// Memory that a process has before it joins a group is not charged to the group. In v2 the child can be created inside
// it (CLONE_INTO_CGROUP of clone3); in v1 it has to be moved.
const pid = clone(child, SIGCHLD, undefined, group.dialect === 'v2' ? { cgroup: group.path } : {})
if (group.dialect === 'v1') group.add(pid)
// #endregion join
mayStart.open()
closeSync(reports.writeEnd)
const usages: number[] = []
while (readSync(reports.readEnd, Buffer.alloc(1)) === 1) {
  const { usage, limit } = group.memory()
  const step = usages.push(usage) - 1
  outside(`step ${String(step).padStart(3)}  ${drawBar(usage / limit)} ${format(usage).padStart(11)}`)
  writeAll(answers.writeEnd, '.')
}
const status = waitpid(pid)
const after = group.memory()
// #endregion parent

// #region proof
const last = usages.length - 1
const files = group.memoryFiles
const { kill, killed } = oomReport(log?.read() ?? [], group.path, pid)
outside(`The child ${describeEnd(status)}. I sent no signal.`)
outside(`${files.oomKills}: oom_kill ${before.oomKills} before, ${after.oomKills} now.`)
if (after.peak) outside(`${files.peak}: ${format(after.peak)}, the most the group ever had.`)
for (const line of [kill, killed]) if (line) outside(`The kernel's log: ${line}`)
if (!log) note('The kernel keeps its log from you here. As root, see: dmesg | grep -i oom')
// #endregion proof

group.remove()
if (last < 0)
  throw new UsageError(
    `--limit ${knobs.limit} is less than a process needs to start: it never came to its first step\nhint: try 5M`,
  )

// #region why
const start = usages[0] as number
const fit = (after.limit - start) / sizeOf(knobs.step)
note(
  `Why step ${last + 1}? The limit is whole pages: ${format(after.limit / PAGE_SIZE)} of them are ${format(after.limit)} bytes.`,
)
note(
  `Before step 1 the group had ${format(start)}: pages the child had to copy. (The kernel counts in lots of up to 64`,
)
note('pages, so these numbers move in jumps; and what the child had before it joined, in anon-rss, does not count.)')
note(
  `Each step touches ${format(sizeOf(knobs.step))} bytes. (${format(after.limit)} - ${format(start)}) / ${format(sizeOf(knobs.step))} = ${fit.toFixed(2)}.`,
)
// #endregion why

if (knobs.plot) {
  writePlot(knobs.plot, usages, after.limit)
  outside(`The curve is in ${knobs.plot}.`)
}
process.exitCode = after.oomKills > before.oomKills && status.signal === 'SIGKILL' ? 0 : 1
