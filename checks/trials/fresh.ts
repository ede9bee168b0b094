/**
 * `npm run matrix -- --fresh`: whether a fresh Debian comes from nothing to green tests by the commands that the README
 * names. Each root is made anew in the user's cache, and removed.
 */
import { spawn } from 'node:child_process'
import { chmodSync, createWriteStream, mkdirSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { startWords } from '../../lib/engine/start-words.ts'
import { EXIT } from '../../lib/errors.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { until } from '../../lib/machine/until.ts'
import { mounts } from '../../lib/mount/mount.ts'
import { kill } from '../../lib/process.ts'
import { requireRoot } from '../../lib/rights/privileges.ts'
import { abandonedDrafts, draftPrefix } from '../../lib/tidy/drafts.ts'
import { allPids } from '../../lib/trace/proc.ts'
import { CHECKOUT, environment, makeFreshRoot, RELEASES, type Release } from './fresh-root.ts'

/** What the caller chooses. */
export interface FreshOptions {
  /** The releases whose names have this word in them. */
  readonly only: string | undefined
  /** Whether what the tests use besides is installed, too, so that none is skipped for want of it. */
  readonly tools: boolean
  /** The command in the place of `npm test`. */
  readonly run: string | undefined
}

/** How one command in a root came out. */
interface Step {
  readonly command: string
  readonly code: number
  readonly seconds: number
  /** The last lines that count tests. */
  readonly counts: string
  readonly failures: readonly string[]
}

const DRAFT = 'root-'

/** Where roots are made, and what apt downloads for them is kept. */
export const freshFolder = (): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'containers-from-clone', 'fresh')

/** Ended by a signal: nothing more is begun, and what was made is removed. */
class Interrupted extends Error {}

const interruption = new AbortController()

function listen(): void {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => interruption.abort(new Interrupted(signal)))
}

/** What the test runner says of itself: the counts of each run of it, added up. */
function countsOf(output: string): string {
  const names = ['tests', 'pass', 'fail', 'skipped']
  const sums = names.map(name => {
    const found = [...output.matchAll(new RegExp(`^ℹ ${name} (\\d+)$`, 'gm'))]
    return found.length > 0 ? found.reduce((sum, [, count]) => sum + Number(count), 0) : undefined
  })
  const known = names.flatMap((name, i) => (sums[i] === undefined ? [] : [`${name} ${sums[i]}`]))
  return known.join(', ')
}

/** The tests that the runner lists as failed. */
function failuresOf(output: string): string[] {
  const parts = output.split(/^✖ failing tests:$/m).slice(1)
  return [...new Set(parts.flatMap(part => part.match(/^✖ .*$/gm) ?? []))]
}

/** Runs a command in a root, and shows and keeps what it prints. */
async function step(root: string, packages: string, command: string, log: string): Promise<Step> {
  process.stdout.write(`\n$ ${command}\n`)
  const since = performance.now()
  const script = `cd "$HOME/${CHECKOUT}" && ${command}`
  const words = [...startWords(), 'checks/trials/enter-root.ts', root, packages, 'sh', '-c', script]
  // Interrupted, it gets SIGTERM, and ends what it has started and removes its groups.
  const options = { cwd: ROOT, env: environment(), signal: interruption.signal } as const
  const child = spawn(process.execPath, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  child.on('error', () => {})
  const file = createWriteStream(log, { flags: 'a' })
  file.write(`$ ${command}\n`)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      process.stdout.write(text)
      file.write(text)
    })
  const code = await new Promise<number>(resolve => child.on('close', status => resolve(status ?? 1)))
  await new Promise<void>(resolve => file.end(() => resolve()))
  interruption.signal.throwIfAborted()
  const seconds = Math.round((performance.now() - since) / 1000)
  return { command, code, seconds, counts: countsOf(output), failures: failuresOf(output) }
}

const isWithin = (root: string, path: string) => `${path}/`.startsWith(`${root}/`)

/** Those whose / is in a root. */
const inhabitants = (root: string) =>
  allPids().filter(pid => {
    try {
      return isWithin(root, readlinkSync(`/proc/${pid}/root`))
    } catch {
      // ENOENT: it has ended.
      return false
    }
  })

/** Ends the processes that are still in a root, such as an interrupted installation. */
function endInhabitants(root: string): boolean {
  return until(() => {
    const pids = inhabitants(root)
    for (const pid of pids) {
      try {
        kill(pid, 'SIGKILL')
      } catch {
        // ESRCH: it has ended.
      }
    }
    return pids.length === 0
  }, 20)
}

function removeRoot(root: string): void {
  endInhabitants(root)
  const mounted = mounts().filter(({ target }) => isWithin(root, target))
  const left = [...inhabitants(root).map(pid => `process ${pid}`), ...mounted.map(({ target }) => `mount ${target}`)]
  if (left.length > 0) throw new Error(`${root} is still in use and was not removed: ${left.join(', ')}`)
  console.log(`removing ${root}`)
  rmSync(root, { recursive: true, force: true })
}

/** Brings one release from nothing to its tests. @returns the steps that were taken, until the first that failed */
async function prove(release: Release, { tools, run }: FreshOptions): Promise<Step[]> {
  const folder = freshFolder()
  const packages = join(folder, `packages-${release.suite}`)
  mkdirSync(join(packages, 'partial'), { recursive: true })
  const log = join(folder, `${release.suite}.log`)
  rmSync(log, { force: true })
  const draft = mkdtempSync(draftPrefix(join(folder, DRAFT)))
  // apt reads what it downloads as a user of its own.
  chmodSync(draft, 0o755)
  const root = join(draft, release.suite)
  console.log(`\n${release.name}: a fresh root in ${root}, all that is printed in ${log}`)
  const commands = [
    'npm run setup -- --yes',
    'npm ci',
    ...(tools ? ['bash .ci/tools'] : []),
    ...(run === undefined ? ['npm test'] : [run]),
  ]
  const steps: Step[] = []
  try {
    await makeFreshRoot(root, release, interruption.signal)
    for (const command of commands) {
      const taken = await step(root, packages, command, log)
      steps.push(taken)
      if (taken.code !== 0) break
    }
    return steps
  } finally {
    removeRoot(draft)
  }
}

/** Removes roots that were left by one who was killed. */
function sweep(folder: string): void {
  for (const path of abandonedDrafts(folder, DRAFT)) removeRoot(path)
}

function summary(release: Release, steps: readonly Step[]): string {
  const lines = steps.flatMap(({ command, code, seconds, counts, failures }) => [
    `  ${code === 0 ? '✔' : '✘'} ${command}: ${code === 0 ? '' : `exit code ${code}, `}${seconds} s${counts && `; ${counts}`}`,
    ...failures.map(line => `      ${line}`),
  ])
  return [release.name, ...lines].join('\n')
}

/**
 * Tries the releases one after the other and prints a summary of all.
 * @returns the exit code
 * @throws CannotRun without root or mmdebstrap
 */
export async function proveFresh(options: FreshOptions): Promise<number> {
  requireRoot('a fresh root', 'npm run matrix -- --fresh')
  const releases = RELEASES.filter(({ name }) => name.includes(options.only ?? ''))
  const folder = freshFolder()
  mkdirSync(folder, { recursive: true })
  sweep(folder)
  listen()
  const done: (readonly [Release, readonly Step[]])[] = []
  try {
    for (const release of releases) done.push([release, await prove(release, options)])
  } catch (error) {
    if (!interruption.signal.aborted) throw error
    console.error(`ended by ${interruption.signal.reason.message}: the root is removed, and nothing is mounted or runs`)
    return 130
  }
  console.log(`\n${done.map(([release, steps]) => summary(release, steps)).join('\n')}`)
  return done.every(([, steps]) => steps.every(({ code }) => code === 0)) ? EXIT.HOLDS : EXIT.FAILS
}
