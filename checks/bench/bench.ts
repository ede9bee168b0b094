/**
 * `npm run bench`: measures, side by side, what this project does and what one would use instead. It is no test: a
 * missed target is printed and changes nothing.
 */
import { accessSync, constants } from 'node:fs'
import { availableParallelism, release } from 'node:os'
import { join, resolve } from 'node:path'
import { EXIT, UsageError } from '../../lib/errors.ts'
import { helpLines, type Knob, parseKnobs } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { note } from '../../lib/lab/say.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ensureKernel } from '../../lib/machine/kernel-version.ts'
import { requireRoot } from '../../lib/rights/privileges.ts'
import { underBurdens } from './burdens.ts'
import { endure } from './endurance.ts'
import type { FunctionPath } from './function-path.ts'
import { median, milliseconds, type Row, report, rivalRow, rotated } from './measure.ts'
import type { Contestant, ProgramPath } from './program-path.ts'
import type { SavePath } from './save-path.ts'
import { compileC, makeWorkshop, runProgram, runWell } from './workshop.ts'

function count(help: string): Knob<number | undefined> {
  const parse = (text: string) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined)
  return { initial: undefined, help, expected: 'a number from 1', placeholder: 'NUMBER', parse }
}

/** A name is looked up in PATH; a path is relative to where the command was typed (INIT_CWD). */
function executable(text: string): string | undefined {
  const file = text.includes('/') ? resolve(process.env['INIT_CWD'] ?? '.', text) : findProgram(text)
  if (!file) return undefined
  try {
    accessSync(file, constants.X_OK)
    return file
  } catch {
    return undefined
  }
}

function program(help: string): Knob<string | undefined> {
  return { initial: undefined, help, expected: 'an executable', placeholder: 'PATH', parse: executable }
}

const KNOBS = {
  soak: count('instead: clones that many children in a row, and fails if one of them does'),
  node: program('the Node that --soak runs on, instead of this one'),
}

const HELP = [
  'Usage: npm run bench                           every comparison, some three minutes',
  '       npm run bench -- --soak 10000           no comparison, but a test of endurance',
  '',
  'Options:',
]

async function programPath(folder: string): Promise<void> {
  const result = await runProgram<ProgramPath>('program-path.ts', [folder, compileC(folder, 'clone-exec')])
  const [inC, ...tools] = result.rivals as [Contestant, ...Contestant[]]
  const row = ({ name, time, cannot }: Contestant, limit: number, strict: boolean): Row =>
    time === undefined
      ? { name, value: '', comparison: cannot === 'not installed' ? cannot : `cannot run here: ${cannot}` }
      : rivalRow(name, result.ours, time, limit, strict)
  report(`/bin/true in five new namespaces, from start to end: median of ${result.rounds} rounds`, [
    { name: 'cloneExec() and waitpid()', value: milliseconds(result.ours) },
    row(inC, 1.3, false),
    ...tools.map(tool => row(tool, 1, true)),
  ])
  if (result.cgroupsHidden)
    note('crun refuses a machine with both versions of cgroups; it was shown version 2 alone.\n')
}

async function functionPath(folder: string): Promise<void> {
  const result = await runProgram<FunctionPath>('function-path.ts', [compileC(folder, 'clone-function')])
  const { ownMappings, ownBytes, ownTables, fileMappings, fileBytes } = result.weight
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  report(`A function in a child, from clone to the end of waitpid: median of ${result.rounds} rounds`, [
    { name: 'clone(() => 0) and waitpid()', value: milliseconds(result.ours) },
    rivalRow('C, of the same resident size', result.ours, result.twin, 1.5),
    rivalRow('C, with the same kinds of memory', result.ours, result.mimic),
  ])
  note(`The same kinds: ${mib(ownBytes)} of its own in ${ownMappings} mappings and ${ownTables} page tables,`)
  note(`${mib(fileBytes)} of files in ${fileMappings} mappings, which clone does not copy.\n`)
}

const LAB = 'labs/02-newpid.ts'
const START_ROUNDS = 5
const RUNNER = [join('labs', 'run'), '2']
const STARTERS = [['npx', 'tsx'], [join('node_modules', '.bin', 'tsx')]] as const

async function startUp(): Promise<void> {
  const commands = STARTERS.flatMap(starter => [
    { name: `${starter.join(' ')} -e 0`, argv: [...starter, '-e', '0'], times: [] as number[] },
    { name: `${starter.join(' ')} ${LAB}`, argv: [...starter, LAB], times: [] as number[] },
  ])
  const runner = { name: RUNNER.join(' '), argv: RUNNER, times: [] as number[] }
  commands.push(runner)
  for (const { argv } of commands) await runWell(argv)
  for (let round = 0; round < START_ROUNDS; round++) {
    for (const { argv, times } of rotated(commands, round)) {
      const { firstLine, end } = await runWell(argv)
      times.push(firstLine ?? end)
    }
  }
  const pairs = STARTERS.map((_, i) => commands.slice(2 * i, 2 * i + 2))
  const rows = pairs.flatMap(([bare, lab], i): Row[] => {
    const [empty, first] = [median(bare?.times ?? []), median(lab?.times ?? [])]
    const more = first - empty
    const target = { text: 'at most 150 ms more', met: more <= 150 }
    return [
      { name: bare?.name ?? '', value: milliseconds(empty), comparison: 'to its end' },
      {
        name: lab?.name ?? '',
        value: milliseconds(first),
        comparison: `to its first line: ${more.toFixed(0)} ms more`,
        ...(i === 0 ? { target } : {}),
      },
    ]
  })
  const viaNpx = median(commands[1]?.times ?? [])
  const direct = median(runner.times)
  rows.push({
    name: runner.name,
    value: milliseconds(direct),
    comparison: `to its first line: ${(viaNpx / direct).toFixed(1)} x as fast as ${commands[1]?.name}`,
  })
  report(`The start of a lab, everything in the cache: median of ${START_ROUNDS} rounds`, rows)
}

const CHECK_ROUNDS = 2
const MOST_FOR_A_SAVE = 1
const SECONDS_FOR_CHECKS = 6

/** Seconds of one check. A lab that cannot run on this machine takes no time, and the others still count. */
async function checkLabs(...words: string[]): Promise<number> {
  const { end, code } = await runWell(['npm', 'run', '--silent', 'check', ...words], false, [EXIT.HOLDS, EXIT.CANNOT])
  if (code === EXIT.CANNOT && words.length > 0) note(`${words.join(' ')} cannot run here and is left out.`)
  return code === EXIT.CANNOT && words.length > 0 ? 0 : end / 1000
}

async function oneByOne(): Promise<number> {
  let total = 0
  for (const { slug } of LABS) total += await checkLabs(slug)
  return total
}

async function checks(): Promise<void> {
  const together: number[] = []
  const apart: number[] = []
  const turns = [async () => together.push(await checkLabs()), async () => apart.push(await oneByOne())]
  for (let round = 0; round < CHECK_ROUNDS; round++) for (const turn of rotated(turns, round)) await turn()
  const [all, sum] = [median(together), median(apart)]
  const target = { text: `at most ${SECONDS_FOR_CHECKS} s on two cores`, met: all <= SECONDS_FOR_CHECKS }
  const cores = `on ${availableParallelism()} cores`
  report(`The check of all ${LABS.length} labs: median of ${CHECK_ROUNDS} rounds`, [
    { name: 'npm run check', value: `${all.toFixed(1)} s`, comparison: cores, target },
    {
      name: 'npm run check LAB, one by one',
      value: `${sum.toFixed(1)} s`,
      comparison: `together takes ${(all / sum).toFixed(2)} x as long`,
    },
  ])
}

/** What a reader waits for between a save and its verdict, besides what the lab itself waits for. */
async function saves(): Promise<void> {
  const rows = (await runProgram<SavePath[]>('save-path.ts', [])).map(({ number, whole, waiting }): Row => {
    const own = whole - waiting
    const target = { text: `at most ${MOST_FOR_A_SAVE} s besides`, met: own <= MOST_FOR_A_SAVE }
    return {
      name: `lab ${number}`,
      value: `${whole.toFixed(2)} s`,
      comparison: `${waiting.toFixed(2)} s of it waiting, ${own.toFixed(2)} s besides`,
      target,
    }
  })
  report('npm run learn: from a save to its verdict', rows)
}

async function compare(): Promise<void> {
  requireRoot('the benchmark', 'npm run bench')
  const folder = makeWorkshop()
  console.log(`Node ${process.version} on Linux ${release()}, ${process.arch}\n`)
  await programPath(folder)
  await functionPath(folder)
  await underBurdens(folder)
  await startUp()
  await checks()
  await saves()
}

await runTool(async () => {
  const { values, help } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  if (values.node && !values.soak) throw new UsageError('--node goes with --soak\nhint: --soak 10000 --node PATH')
  if (help) console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
  else if (values.soak) {
    ensureKernel()
    makeWorkshop()
    if (!(await endure(values.soak, values.node))) process.exitCode = EXIT.FAILS
  } else {
    ensureKernel()
    await compare()
  }
})
