/**
 * What somebody may ask of a clone that somebody's C program can do: as fast with much of everything.
 *
 * Each round starts both programs anew, ours and the one in C, because how long the copy of the same memory takes depends
 * on where in the machine's memory its pages happen to lie: it differs by a third between two runs of the same C program.
 * The rounds alternate, and of each the least is taken.
 */
import { freemem } from 'node:os'
import type { Burden, Burdened } from './burden-path.ts'
import { least, milliseconds, type Row, report, type Took } from './measure.ts'
import { compileC, runProgram, runWell } from './workshop.ts'

/** MiB of memory on top of Node's own. */
const SIZES = [0, 300, 1024, 4096]
const [MOST_RATIO, MOST_MORE_MS] = [1.15, 20]

/** How often the programs are started, and how many clones the fastest of one run is taken of. */
const EFFORT: Readonly<Record<Burden, { readonly rounds: number; readonly clones: number }>> = {
  memory: { rounds: 8, clones: 6 },
  children: { rounds: 3, clones: 60 },
  descriptors: { rounds: 4, clones: 20 },
  mappings: { rounds: 4, clones: 12 },
}

/** The least of all rounds. */
interface Measured extends Omit<Burdened, 'resident'> {
  /** MiB */
  readonly resident: number
  readonly twin: Took
}

interface Programs {
  readonly library: string
  readonly twin: string
}

/** The C program, whose resident memory is all its own, as a C program's is. */
async function runTwin(twin: string, kind: Burden, count: number, bytes: number): Promise<Took> {
  const own = [EFFORT[kind].clones, 40, bytes, 1, 0, 0].map(String)
  const burdens = (['children', 'descriptors', 'mappings'] as const).map(each => String(each === kind ? count : 0))
  const { stdout } = await runWell([twin, ...own, process.execPath, ...burdens], true)
  const [, time, work] = stdout.split(' ').map(nanoseconds => Number(nanoseconds) / 1e6) as [number, number, number]
  return { time, work }
}

async function measure({ library, twin }: Programs, kind: Burden, count: number): Promise<Measured> {
  const { rounds, clones } = EFFORT[kind]
  const runs: Burdened[] = []
  const theirs: Took[] = []
  for (let round = 0; round < rounds; round++) {
    const run = await runProgram<Burdened>('burden-path.ts', [library, kind, String(count), String(clones)])
    runs.push(run)
    theirs.push(await runTwin(twin, kind, count, run.resident))
  }
  const ours = (name: 'ours' | 'here' | 'first') => least(runs.map(run => run[name]))
  const resident = Math.max(...runs.map(run => run.resident)) / 2 ** 20
  return { resident, ours: ours('ours'), here: ours('here'), first: ours('first'), twin: least(theirs) }
}

const against = (ours: number, theirs: number, whom = 'C') =>
  `${(ours / theirs).toFixed(2)} x ${whom} (${milliseconds(theirs)})`

/** Time on the clock, processor time, and the same against C in this very process. */
function sizeRows({ resident, ours, twin, here }: Measured): Row[] {
  const row = (name: string, mine: number, theirs: number): Row => ({
    name,
    value: milliseconds(mine),
    comparison: against(mine, theirs),
    target: { text: `at most ${MOST_RATIO} x C`, met: mine / theirs <= MOST_RATIO },
  })
  return [
    row(`${resident.toFixed(0)} MiB resident`, ours.time, twin.time),
    row('  the same in processor time', ours.work, twin.work),
    {
      name: '  against C on this very memory',
      value: milliseconds(ours.work),
      comparison: against(ours.work, here.work, 'clone(2)'),
    },
  ]
}

/** Prints what a clone costs under each burden, beside C. */
export async function underBurdens(folder: string): Promise<void> {
  const name = 'clone-function'
  const programs = { library: compileC(folder, name, 'library'), twin: compileC(folder, name) }
  const rows: Row[] = []
  for (const size of SIZES.filter(size => 2 * size * 2 ** 20 < freemem()))
    rows.push(...sizeRows(await measure(programs, 'memory', size)))
  const none = await measure(programs, 'children', 0)
  const many = await measure(programs, 'children', 1500)
  const add = (title: string, ours: number, theirs: number, text: string, met: boolean) =>
    rows.push({ name: title, value: milliseconds(ours), comparison: against(ours, theirs), target: { text, met } })
  const growth = `at most ${MOST_RATIO} x as long as with none`
  add('1,500 children alive', many.ours.time, many.twin.time, growth, many.ours.time <= MOST_RATIO * none.ours.time)
  const more = (title: string, { time: ours }: Took, { time: theirs }: Took) =>
    add(title, ours, theirs, `at most ${MOST_MORE_MS} ms more`, ours - theirs <= MOST_MORE_MS)
  const open = await measure(programs, 'descriptors', 10_000)
  more('10,000 descriptors, the first clone', open.first, open.twin)
  more('10,000 descriptors, each further one', open.ours, open.twin)
  const mapped = await measure(programs, 'mappings', 60_000)
  more('60,000 mappings', mapped.ours, mapped.twin)
  report('The same under a burden, in pages of 4 KiB: the least of several runs of each', rows)
}
