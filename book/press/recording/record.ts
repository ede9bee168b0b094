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
import { type Circumstances, circumstances, stamped } from './circumstances.ts'
import { compare, problem, type Take } from './compare.ts'
import { type Recording, recordingsOf } from './recording.ts'
import { runSession, type Session } from './session.ts'
import { stageBundles } from './stage-programs.ts'
import { lackingTools } from './tools.ts'

/** How many sessions run at once: most of them mostly wait. A guest has to do with less. */
const AT_ONCE = 6
const AT_ONCE_IN_GUEST = 1

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

/**
 * Runs sessions, several at a time.
 * @param tell is called with each that is over
 * @param atOnce how many at a time
 */
export function runAll(
  takes: readonly Take[],
  tell: (take: Take, session: Session) => void,
  atOnce = AT_ONCE,
): Map<Take, Session> {
  requireRoot('recording', 'npm run book -- record')
  // A reader has a root file system by then; how it is made is shown elsewhere.
  if (takes.length > 0) ensureRootfs()
  const bundles = takes.length > 0 ? stageBundles() : new Map<string, string>()
  const waiting = [...takes]
  const running = new Map<number, { take: Take; pid: number; text: string }>()
  const done = new Map<Take, Session>()
  const buffer = Buffer.alloc(65536)
  while (waiting.length > 0 || running.size > 0) {
    for (let take = waiting[0]; take && running.size < atOnce; take = waiting[0]) {
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

/** The line that shows on which kind of machine a session was recorded. */
const GROUPS = /This machine's control groups: (\w+)/

/** Why a session cannot be recorded on this machine. */
function impossible({ recording: { groups, commands } }: Take): string | undefined {
  if (groups && groups !== layout()) return `it is of a machine whose control groups are ${groups}`
  const lacking = lackingTools(commands)
  return lacking.length > 0 ? `this machine has no ${lacking.join(' and no ')}` : undefined
}

/** Why a session would be different on this machine. */
function elsewhere(take: Take): string | undefined {
  const groups = GROUPS.exec(take.recording.body.join('\n'))?.[1]
  const isOther = groups !== undefined && groups !== layout()
  return isOther ? `it is of a machine whose control groups are ${groups}` : impossible(take)
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

/** Runs the sessions again and compares. @param atOnce how many at a time */
export function checkRecordings(
  root: string,
  files: readonly string[],
  tell: (line: string) => void,
  atOnce = AT_ONCE,
): Outcome {
  const all = takesOf(root, files)
  const faults = faultsOf(all)
  const takes = all.filter(take => !recordingFault(take.recording))
  const skipped = takes.flatMap(take => {
    const why = elsewhere(take)
    return why ? [`${take.file}:${take.recording.line}: not compared: ${why}`] : []
  })
  const problems = [...faults]
  const done = runAll(
    takes.filter(take => !elsewhere(take)),
    (take, session) => {
      const found = compare(root, take, session)
      problems.push(...found)
      // Said at once: in a guest the whole of it takes long.
      tell(`${take.file}:${take.recording.line}${found.length > 0 ? `: ${found[0]?.what}` : ''}`)
    },
    atOnce,
  )
  return { problems, skipped, count: done.size }
}

function writePicture(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** What one machine has recorded, as it can be handed from one to another. */
export interface Reel {
  readonly where: Circumstances
  readonly sessions: readonly (Pick<Take, 'file' | 'recording'> & { readonly session: Session })[]
  readonly skipped: readonly string[]
}

/** Runs the sessions that this machine can show. @param groups only those that are of a machine with these groups */
export function takeRecordings(
  root: string,
  files: readonly string[],
  tell: (line: string) => void,
  groups?: string,
): Reel {
  const all = takesOf(root, files).filter(
    ({ recording }) => !recordingFault(recording) && (groups === undefined || recording.groups === groups),
  )
  const done = runAll(
    all.filter(take => !impossible(take)),
    take => tell(`${take.file}:${take.recording.line}`),
    groups === undefined ? AT_ONCE : AT_ONCE_IN_GUEST,
  )
  const skipped = all.flatMap(take => {
    const why = impossible(take)
    return why ? [`${take.file}:${take.recording.line}: left as it was: ${why}`] : []
  })
  return { where: circumstances(), sessions: [...done].map(([take, session]) => ({ ...take, session })), skipped }
}

/** What makes a session the same one wherever it stands. */
const typedIn = ({ commands, typed, isByUser, groups }: Recording) =>
  JSON.stringify([commands, typed, isByUser, groups])

/** Writes what was recorded into the chapters, where it was recorded, and the pictures. */
export function writeReel(root: string, files: readonly string[], { where, sessions, skipped }: Reel): Outcome {
  const problems = [...faultsOf(takesOf(root, files))]
  const hint = 'run it by hand, or give another exit code with exit=N'
  for (const { session, ...take } of sessions) {
    const { fault, lines, plot } = session
    if (fault) problems.push(problem(take, `not recorded: ${fault}\n  ${lines.slice(-3).join('\n  ')}`, hint))
    else if (plot) writePicture(join(root, 'book', take.recording.plot as string), plot)
  }
  for (const file of new Set(sessions.map(take => take.file))) {
    const good = sessions.filter(take => take.file === file && !take.session.fault)
    const path = join(root, file)
    const text = readFileSync(path, 'utf8')
    // The chapter may have been edited meanwhile, so a session is found by what is typed and not by its line.
    const filled = recordingsOf(text).flatMap(now => {
      const lines = good.find(({ recording }) => typedIn(recording) === typedIn(now))?.session.lines
      return lines ? [[now.line, lines] as const] : []
    })
    const whole = refill(text, new Map(filled))
    writeFileSync(path, filled.length > 0 ? stamped(whole, where) : whole)
  }
  return { problems, skipped, count: sessions.length }
}
