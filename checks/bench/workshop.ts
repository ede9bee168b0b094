/**
 * A folder for what the benchmark builds, and the programs it starts: both are gone when it ends, also by a signal.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, cachedBundle } from '../../lib/engine/bundle.ts'
import { CLONEABLE_FLAGS } from '../../lib/engine/cloneable.ts'
import { CannotRun } from '../../lib/errors.ts'
import { PREFIX } from '../../lib/group/cgroup.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { installHint } from '../../lib/machine/packages.mjs'
import { ROOT } from '../../lib/machine/root.ts'
import { signalNumber } from '../../lib/status.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** How long a program that was asked to end may take to clean up after itself. */
const PATIENCE_MS = 5000

const running = new Set<ChildProcess>()
/** Whether a signal is ending this program: then the results of its programs no longer matter, only that they end. */
let ending = false

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal)
  } catch {
    // ESRCH: it has ended by itself.
  }
}

/** Asks every running program to end, makes it end when it does not, and waits until it has. */
async function endPrograms(signal: NodeJS.Signals): Promise<void> {
  const ends = [...running].map(child => {
    const ended = new Promise(resolve => child.once('close', resolve))
    const timer = setTimeout(signalGroup, PATIENCE_MS, child, 'SIGKILL')
    signalGroup(child, signal)
    return ended.then(() => clearTimeout(timer))
  })
  await Promise.all(ends)
}

/** Makes a folder that is removed when the program ends, and takes over the signals that would end it before that. */
export function makeWorkshop(): string {
  const folder = mkdtempSync(draftPrefix(join(tmpdir(), `${PREFIX}.bench-`)))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of SIGNALS) {
    process.once(signal, async () => {
      ending = true
      await endPrograms(signal)
      process.exit(128 + (signalNumber(signal) ?? 0))
    })
  }
  return folder
}

/** How one run of a program went. */
export interface Run {
  /** Milliseconds until its first line of output, if it wrote one. */
  readonly firstLine: number | undefined
  /** Milliseconds until its end. */
  readonly end: number
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to its end, in a session of its own, so that a signal reaches it and all its children at once.
 * @param loud whether its stderr is shown to the reader
 */
export async function run(argv: readonly string[], loud = false): Promise<Run> {
  const [file, ...args] = argv as [string, ...string[]]
  const from = performance.now()
  const child = spawn(file, args, {
    cwd: ROOT,
    // npx would now and then ask the registry for a newer npm.
    env: { ...process.env, npm_config_update_notifier: 'false' },
    detached: true,
    stdio: ['ignore', 'pipe', loud ? 'inherit' : 'pipe'],
  })
  running.add(child)
  let firstLine: number | undefined
  const text = { stdout: '', stderr: '' }
  child.stderr?.on('data', chunk => {
    text.stderr += chunk
  })
  child.stdout?.on('data', chunk => {
    text.stdout += chunk
    if (text.stdout.includes('\n')) firstLine ??= performance.now() - from
  })
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  const end = performance.now() - from
  running.delete(child)
  // The caller would take the end of the program for a failure and report it, so it gets no result.
  if (ending) await new Promise(() => {})
  return { firstLine, end, code, ...text }
}

/**
 * As {@link run}, for a program whose failure means that nothing can be measured.
 * @param fine the exit codes that are no failure
 */
export async function runWell(argv: readonly string[], loud = false, fine: readonly number[] = [0]): Promise<Run> {
  const result = await run(argv, loud)
  if (result.code !== null && fine.includes(result.code)) return result
  throw new Error(`${argv.join(' ')}: exit code ${result.code}\n${result.stderr || result.stdout}`)
}

/** Runs one of the programs of this folder in a Node that can be cloned; its last line of output is its result. */
export async function runProgram<R>(name: string, args: readonly string[], node = process.execPath): Promise<R> {
  const { stdout } = await runWell([node, ...(await programFlags(name)), ...args], true)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) as R
}

/** What a Node needs before the arguments of a program: a bundle where that is possible, else a loader. */
async function programFlags(name: string): Promise<string[]> {
  const file = join(import.meta.dirname, name)
  const compiled = cachedBundle(file) ?? (await bundle(file))
  if (compiled) return [...CLONEABLE_FLAGS, '--expose-gc', '--enable-source-maps', compiled]
  return [...CLONEABLE_FLAGS, '--expose-gc', '--import', createRequire(import.meta.url).resolve('tsx'), file]
}

const C_FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror']

/**
 * Compiles a C source of this folder.
 * @param shape a program, or a shared library that is called where it is needed
 * @returns the path of the result
 * @throws CannotRun without a compiler
 */
export function compileC(folder: string, name: string, shape: 'program' | 'library' = 'program'): string {
  const compiler = process.env['CC'] || ['cc', 'gcc', 'clang'].find(findProgram)
  if (!compiler) {
    throw new CannotRun(`the benchmark compares with C, and there is no C compiler\nhint: ${installHint(['cc'])}`)
  }
  const library = shape === 'library'
  const result = join(folder, library ? `${name}.so` : name)
  const flags = library ? [...C_FLAGS, '-shared', '-fPIC'] : C_FLAGS
  const source = join(import.meta.dirname, `${name}.c`)
  const { status, stderr, error } = spawnSync(compiler, [...flags, '-o', result, source], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${compiler} could not compile ${name}.c: ${stderr || error?.message}`)
  return result
}
