/**
 * `npm run matrix`: every lab and every check in every place that this machine can offer, as a table; with `--write`
 * the one in README.md.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { startWords } from '../../lib/engine/start-words.ts'
import { CannotRun, EXIT } from '../../lib/errors.ts'
import { absolutePath, flag, helpLines, parseKnobs, text, type Values } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { isPrivileged } from '../../lib/rights/privileges.ts'
import { OrdinaryUser } from '../testing/ordinary-user.ts'
import { containerWords } from './containers.ts'
import { proveFresh } from './fresh.ts'
import type { LabProof, PlaceProof } from './place.ts'
import { CHOSEN_LABS, HEAD, PLACES, type Place, RULE, writeRows } from './places.ts'
import { judgeInPlace, lineOf, type ProgramsProof, programsCell } from './programs/in-place.ts'
import { makeSystemdRoot, type SystemdRoot } from './systemd-root.ts'

const KNOBS = {
  only: text('the places whose names have this word in them', 'a word', 'WORD'),
  labs: CHOSEN_LABS,
  programs: flag('instead: has the right and wrong programs judged, here and in v2'),
  those: text('with --programs: only those with this word in their path', 'a word', 'WORD'),
  known: absolutePath('FILE', 'with --programs: keeps each verdict, and goes on from there'),
  pairs: flag('with --programs: two at a time, in a guest with two processors'),
  write: flag('writes what came of it into the table of README.md'),
  fresh: flag('instead: npm test on fresh roots of Debian 12, 13 and sid; needs mmdebstrap'),
  tools: flag('with --fresh: installs what the tests use, too, so that fewer are skipped'),
  run: text('with --fresh: another command than npm test', 'a shell command', 'COMMAND'),
}

const HELP = [
  'Usage: npm run matrix                 every lab and every check in every place: an hour without KVM',
  '       npm run matrix -- --only 5.10  in those whose names have that word in them',
  '       npm run matrix -- --labs 7,8   these labs; of the others the table says what it said',
  '       npm run matrix -- --programs   the right and wrong programs: an hour or two without KVM',
  '       npm run matrix -- --fresh      setup, npm ci and npm test on fresh roots: some ten minutes each',
  '',
  'As root it tries this machine as root and as an ordinary user; virtual machines, with the kernels of',
  "Debian's archive and with the other processor, need no root. Containers take docker or podman: --only docker.",
  '',
  'Options:',
]

const VM = [...startWords(), 'buildroot/vm/vm.ts']
/** A guest without KVM is so slow that a program needs more time. */
const SLOW = ['--timeout', '900']

/** What a program may take where right and wrong ones are judged: some of the wrong ones take all that they may. */
const SLOW_PROGRAM = ['--timeout', '300']

/** A guest that judges programs: with one processor where it is one at a time, because QEMU imitates two at a price. */
const guestOfPrograms = ({ pairs }: Asked) => ['--cpus', pairs ? '2' : '1', '--patience', '600']

type Asked = Values<typeof KNOBS>

/** What a place has to do, and in a guest what more time there is for it. */
function wordsOf({ labs, programs, pairs }: Asked, isGuest: boolean): string[] {
  const more = [...(isGuest ? SLOW_PROGRAM : []), ...(pairs ? ['--pairs'] : [])]
  if (programs) return [...startWords(), 'checks/trials/programs/judge-all.ts', ...more]
  const chosen = labs === undefined ? [] : ['--labs', labs.join()]
  return [...startWords(), 'checks/trials/place.ts', ...(isGuest ? SLOW : []), ...chosen]
}

/** The command that tries one place, and the user who runs it. */
function commandOf(place: Place, user: OrdinaryUser | undefined, asked: Asked, systemd?: SystemdRoot) {
  const { vm, container, isOther } = place
  const words = wordsOf(asked, vm !== undefined)
  const node = isOther ? 'node' : process.execPath
  if (container) return { words: containerWords(container, words), options: { cwd: ROOT } }
  if (vm)
    return {
      words: [
        ...VM,
        ...vm,
        ...(asked.programs ? guestOfPrograms(asked) : []),
        ...(systemd ? systemd.words(...words) : [node, ...words]),
      ],
      options: { cwd: ROOT },
    }
  return { words, options: user ? user.options : { cwd: ROOT } }
}

/** What was found in a place: of the labs, or of the right and wrong programs. */
type Proof = PlaceProof | ProgramsProof

/** Ended by a signal: what runs is ended, too, a guest above all, and nothing more is begun. */
const interruption = new AbortController()
let interruptedBy: NodeJS.Signals | undefined

function listen(): void {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      interruptedBy = signal
      interruption.abort()
    })
}

/** Tries one place. @throws CannotRun when that place cannot be had here */
async function prove(place: Place, user: OrdinaryUser | undefined, asked: Asked): Promise<Proof> {
  if (!place.vm && !place.container && !place.isOrdinary && !isPrivileged()) throw new CannotRun('needs root')
  const systemd = place.isSystemd ? makeSystemdRoot() : undefined
  const command = commandOf(place, user, asked, systemd)
  const node = user?.node ?? process.execPath
  try {
    if (asked.programs)
      return await judgeInPlace(place.name, asked, (input, tell) => run(place, command, node, input, tell))
    let document = ''
    await run(place, command, node, '', line => {
      document += line
    })
    return JSON.parse(document) as PlaceProof
  } finally {
    systemd?.remove()
  }
}

/** Starts the command of a place, passes on each line that it prints, and waits for its end. */
async function run(
  place: Place,
  { words, options }: ReturnType<typeof commandOf>,
  node: string,
  input: string,
  tell: (line: string) => void,
): Promise<void> {
  const [program = '', ...rest] = place.container ? words : [node, ...words]
  const { signal } = interruption
  const child = spawn(program, rest, {
    ...options,
    signal,
    stdio: [input === '' ? 'ignore' : 'pipe', 'pipe', 'inherit'],
  })
  // That it has been ended is no error of its own: it is awaited like any other end.
  child.on('error', error => {
    if (error.name !== 'AbortError') throw error
  })
  // EPIPE: whoever ends before it has read its input has an exit code that says why.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  let isSilent = true
  createInterface(child.stdout as Readable).on('line', line => {
    isSilent = false
    tell(line)
  })
  const code = await new Promise<number>(resolve => child.on('close', status => resolve(status ?? 1)))
  signal.throwIfAborted()
  if (code === EXIT.CANNOT) throw new CannotRun('cannot be had here')
  if (code !== 0 && place.container && isSilent) throw new CannotRun(`the engine does not start it: exit code ${code}`)
  if (code !== 0) throw new Error(`${place.name}: exit code ${code}`)
}

/** What one lab comes to in a cell: whether it ran, and what its check found. */
function cell({ exitCode, holds, failed, unjudged }: LabProof): string {
  const ran = exitCode === 0 ? '✔' : exitCode === EXIT.CANNOT ? '–' : '✘'
  const marks = [
    ...(failed.length > 0 ? [`${failed.length} ✘`] : []),
    ...(unjudged.length > 0 ? [`${unjudged.length} ?`] : []),
  ]
  return [ran, String(holds), ...marks].join(' ')
}

function row({ name }: Place, proof: Proof | undefined): string {
  if (!proof) return `| ${name} | not to be had ${'| '.repeat(LABS.length + 1)}|`
  if ('results' in proof) {
    const { where, results } = proof
    return `| ${[name, where ? `${where.kernel}, ${where.groups}` : '', ...LABS.map(() => ''), programsCell(results)].join(' | ')} |`
  }
  const { kernel, labs, groups } = proof
  const cells = LABS.map(({ slug }) => labs.find(lab => lab.slug === slug)).map(lab => (lab ? cell(lab) : ''))
  return `| ${[name, `${kernel}, ${groups}`, ...cells, ''].join(' | ')} |`
}

/** What the marks of the table mean for what was found, in full. */
function remarks(place: Place, proof: Proof): string[] {
  if ('results' in proof) return proof.results.filter(({ kind }) => kind !== 'as named').map(lineOf)
  return proof.labs.flatMap(({ slug, failed, unjudged }) => [
    ...failed.map(title => `${place.name}: ${slug}: does not hold: ${title}`),
    ...unjudged.map(title => `${place.name}: ${slug}: cannot be judged: ${title}`),
  ])
}

/** Whether all is as it should be in a place. */
function isGood({ container }: Place, proof: Proof): boolean {
  if ('results' in proof) return proof.results.every(({ kind }) => kind !== 'otherwise')
  // What a container withholds is no failure, if the lab says so.
  const isFine = (code: number) => code === 0 || (container !== undefined && code === EXIT.CANNOT)
  return proof.labs.every(({ exitCode, failed }) => isFine(exitCode) && failed.length === 0)
}

async function main(): Promise<void> {
  const { values, help } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  if (help) return console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
  if (values.fresh) {
    process.exitCode = await proveFresh(values)
    return
  }
  listen()
  const isAsked = ({ name, programs }: Place) => name.includes(values.only ?? '') && (programs || !values.programs)
  const places = PLACES.filter(isAsked)
  const lines: string[] = []
  console.log([HEAD, RULE].join('\n'))
  let isAllGood = true
  for (const place of places) {
    // An ordinary user who starts this is one already.
    const user = place.isOrdinary && isPrivileged() ? new OrdinaryUser() : undefined
    user?.handOver()
    try {
      const proof = await prove(place, user, values)
      lines.push(row(place, proof))
      isAllGood &&= isGood(place, proof)
      console.log([lines.at(-1), ...remarks(place, proof).map(remark => `  ${remark}`)].join('\n'))
    } catch (error) {
      if (interruptedBy !== undefined) break
      if (!(error instanceof CannotRun)) throw error
      lines.push(row(place, undefined))
      console.log(`${lines.at(-1)}\n  ${error.message}`)
    } finally {
      user?.end()
    }
  }
  if (interruptedBy !== undefined) {
    process.exitCode = 128 + constants.signals[interruptedBy]
    return
  }
  if (values.write) writeRows(lines, values.labs !== undefined || values.programs)
  if (!isAllGood) process.exitCode = EXIT.FAILS
}

await runTool(main)
