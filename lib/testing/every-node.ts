/**
 * For tests: the same on every Node that is supported.
 */
import { type SpawnOptions, spawn } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bundle } from '../engine/bundle.ts'
import { CLONEABLE_FLAGS } from '../engine/cloneable.ts'
import { ROOT } from '../machine/root.ts'
import { NODE_VERSIONS, type NodeVersion, NoSuchNode, nodeFolder } from './node-versions.ts'

const BOUND_MS = 120_000

/** How a program ended, and all that it and its children printed. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

/** How to run a program of this project. */
export interface Running {
  /** The Node, this one by default. */
  readonly node?: string
  /** Its options; by default those that read TypeScript. */
  readonly options?: readonly string[]
  /** Descriptors from 3 on. */
  readonly descriptors?: readonly number[]
  readonly input?: string
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** What comes before Node: `setarch`, `unshare`. */
  readonly before?: readonly string[]
}

/** Runs a program and everything it starts to their end. A bound stops one that hangs. */
export async function runNode(words: readonly string[], running: Running = {}): Promise<Ended> {
  const { node = process.execPath, options = ['--import', 'tsx'], descriptors = [], before = [] } = running
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...own } = process.env
  const env = { ...own, NO_COLOR: '1', ...running.env }
  const settings: SpawnOptions = { cwd: running.cwd ?? ROOT, env, detached: true }
  settings.stdio = ['pipe', 'pipe', 'pipe', ...descriptors]
  const [file = '', ...args] = [...before, node, ...options, ...words]
  const child = spawn(file, args, settings)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', text => {
      output += text
    })
  child.stdin?.on('error', () => {}).end(running.input ?? '')
  const limit = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), BOUND_MS)
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      resolve({ code, signal, output })
    })
  })
}

/**
 * The same from the program's bundle, in a Node that can be cloned: in a quarter of the time that a loader and the
 * replacement of the Node take, for tests that are about neither.
 * @param program relative to the checkout
 */
export async function runCompiled(program: string, words: readonly string[], running: Running = {}): Promise<Ended> {
  const file = await bundle(join(ROOT, program))
  const options = file === undefined ? ['--import', 'tsx'] : ['--enable-source-maps']
  return await runNode([file ?? program, ...words], { ...running, options: [...CLONEABLE_FLAGS, ...options] })
}

/** The oldest and the newest of them. */
export const OUTERMOST: readonly NodeVersion[] = [NODE_VERSIONS[0], NODE_VERSIONS[3]]

/** A test for each Node, skipped where it cannot be had. */
export function everyNode(
  title: string,
  body: (node: string, t: TestContext) => Promise<void>,
  versions: readonly NodeVersion[] = NODE_VERSIONS,
): void {
  for (const version of versions)
    test(`${title}, Node ${version}`, { timeout: 2 * BOUND_MS }, async t => {
      try {
        await body(join(await nodeFolder(version), 'node'), t)
      } catch (error) {
        if (!(error instanceof NoSuchNode)) throw error
        t.skip(error.message)
      }
    })
}
