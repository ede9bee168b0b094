/**
 * `npm run book -- record`: runs the sessions of the book and writes them down where they stand, or compares them.
 */
import { closeSync, mkdirSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fork } from '../../../lib/clone.ts'
import { pipe } from '../../../lib/gate.ts'
import { layout } from '../../../lib/group/hierarchies.ts'
import { LABS, takesRoot } from '../../../lib/lab/manifest.ts'
import { writeAll } from '../../../lib/machine/output.ts'
import { poll } from '../../../lib/machine/poll.ts'
import { ensureRootfs } from '../../../lib/mount/rootfs.ts'
import { waitpid } from '../../../lib/process.ts'
import { requireRoot } from '../../../lib/rights/privileges.ts'
import { refill } from '../source/fences.ts'
import type { Problem } from '../source/problem.ts'
import { Comparison } from './mask.ts'
import { type Recording, recordingsOf } from './recording.ts'
import { runSession, type Session } from './session.ts'
import { stageBundles } from './stage-programs.ts'
import { lackingTools } from './tools.ts'

/** How many sessions run at once: most of them mostly wait. */
const AT_ONCE = 6

/** A recording and the chapter it stands in. */
export interface Take {
  readonly file: string
  readonly recording: Recording
}

/** What is wrong if a command needs root and the session does not show sudo. */
function missingSudo({ commands, isByUser }: Recording): string | undefined {
  if (isByUser) return undefined
  const needy = LABS.filter(takesRoot).map(({ slug }) => `npx tsx labs/${slug}.ts`)
  const command = commands.find(each => needy.some(lab => each.startsWith(lab) && !each.includes('--help')))
  return command && `${command} would be recorded as root: write sudo in front, or "record user" behind console`
}

/** What is wrong with a recording before it is run. */
export function recordingFault(recording: Recording): string | undefined {
  return recording.fault ?? missingSudo(recording)
}

/** Runs sessions, several at a time. @param tell is called with each that is over */
export function runAll(takes: readonly Take[], tell: (take: Take, session: Session) => void): Map<Take, Session> {
  requireRoot('recording', 'npm run book -- record')
  // A reader has a root file system by then; how it is made is shown elsewhere.
  if (takes.length > 0) ensureRootfs()
  const bundles = takes.length > 0 ? stageBundles() : new Map<string, string>()
  const waiting = [...takes]
  const running = new Map<number, { take: Take; pid: number; text: string }>()
  const done = new Map<Take, Session>()
  const buffer = Buffer.alloc(65536)
  while (waiting.length > 0 || running.size > 0) {
    for (let take = waiting[0]; take && running.size < AT_ONCE; take = waiting[0]) {
      waiting.shift()
      const { recording } = take
      const { readEnd, writeEnd } = pipe()
      const pid = fork(() => writeAll(writeEnd, JSON.stringify(runSession(recording, bundles))))
      closeSync(writeEnd)
      running.set(readEnd, { take, pid, text: '' })
    }
    for (const fd of poll([...running.keys()], Number.POSITIVE_INFINITY)) {
      const run = running.get(fd)
      const length = readSync(fd, buffer)
      if (!run) continue
      run.text += buffer.toString('latin1', 0, length)
      if (length > 0) continue
      closeSync(fd)
      running.delete(fd)
      const { code } = waitpid(run.pid)
      const session: Session =
        code === 0
          ? JSON.parse(Buffer.from(run.text, 'latin1').toString())
          : { lines: [], codes: [], pids: [0, 0], fault: 'it could not be started: the reason is above' }
      done.set(run.take, session)
      tell(run.take, session)
    }
  }
  return done
}

const problem = ({ file, recording }: Take, what: string, hint: string): Problem => ({
  file,
  line: recording.line,
  what,
  hint,
})

/** The line that shows on which kind of machine a session was recorded. */
const GROUPS = /This machine's control groups: (\w+)/

/** Why a session would be different on this machine. */
function elsewhere({ recording }: Take): string | undefined {
  const groups = GROUPS.exec(recording.body.join('\n'))?.[1]
  if (groups && groups !== layout()) return `it is of a machine whose control groups are ${groups}`
  const lacking = lackingTools(recording.commands)
  return lacking.length > 0 ? `this machine has no ${lacking.join(' and no ')}` : undefined
}

function compare(take: Take, session: Session): Problem[] {
  const again = `npm run book -- record ${take.file.replace(/^.*\/|\.md$/g, '')} records it again`
  if (session.fault)
    return [
      problem(
        take,
        `the session does not run as it should: ${session.fault}\n  ${session.lines.slice(-3).join('\n  ')}`,
        'run it by hand',
      ),
    ]
  const found = new Comparison(session.pids).difference(take.recording.body, session.lines)
  if (!found) return []
  const line = take.recording.line + 1 + found.at
  const what = `the recording is not what happens now\n  recorded: ${found.before ?? '(nothing more)'}\n  seen now: ${found.now ?? '(nothing more)'}`
  return [{ file: take.file, line, what, hint: again }]
}

/** The result of recording or comparing. */
export interface Outcome {
  readonly problems: readonly Problem[]
  /** Sessions that were not compared, and why. */
  readonly skipped: readonly string[]
  readonly count: number
}

/** The recordings of chapters. @param files relative to `root` */
export function takesOf(root: string, files: readonly string[]): Take[] {
  return files.flatMap(file =>
    recordingsOf(readFileSync(join(root, file), 'utf8')).map(recording => ({ file, recording })),
  )
}

const faultsOf = (takes: readonly Take[]) =>
  takes.flatMap(take => {
    const fault = recordingFault(take.recording)
    return fault ? [problem(take, fault, 'book/press/README.md says how a recording is written')] : []
  })

/** Runs the sessions again and compares. */
export function checkRecordings(root: string, files: readonly string[], tell: (line: string) => void): Outcome {
  const all = takesOf(root, files)
  const faults = faultsOf(all)
  const takes = all.filter(take => !recordingFault(take.recording))
  const skipped = takes.flatMap(take => {
    const why = elsewhere(take)
    return why ? [`${take.file}:${take.recording.line}: not compared: ${why}`] : []
  })
  const done = runAll(
    takes.filter(take => !elsewhere(take)),
    take => tell(`${take.file}:${take.recording.line}`),
  )
  const problems = [...faults, ...[...done].flatMap(([take, session]) => compare(take, session))]
  return { problems, skipped, count: done.size }
}

function writePicture(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** Runs the sessions and writes them into the chapters, and their pictures. */
export function writeRecordings(root: string, files: readonly string[], tell: (line: string) => void): Outcome {
  const takes = takesOf(root, files)
  const problems = [...faultsOf(takes)]
  const done = runAll(
    takes.filter(take => !recordingFault(take.recording)),
    take => tell(`${take.file}:${take.recording.line}`),
  )
  for (const file of new Set([...done.keys()].map(take => take.file))) {
    const own = [...done].filter(([take]) => take.file === file)
    for (const [take, { fault, lines }] of own)
      if (fault)
        problems.push(
          problem(
            take,
            `not recorded: ${fault}\n  ${lines.slice(-3).join('\n  ')}`,
            'run it by hand, or give another exit code with exit=N',
          ),
        )
    const good = own.filter(([, { fault }]) => !fault)
    const path = join(root, file)
    writeFileSync(
      path,
      refill(readFileSync(path, 'utf8'), new Map(good.map(([take, { lines }]) => [take.recording.line, lines]))),
    )
    for (const [{ recording }, { plot }] of good)
      if (plot) writePicture(join(root, 'book', recording.plot as string), plot)
  }
  return { problems, skipped: [], count: done.size }
}
