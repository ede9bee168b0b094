/**
 * For tests: the Nodes that a program is started with, downloaded once and kept beside the bundles.
 */
import { execFile } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ROOT } from '../machine/root.ts'
import { draftPrefix } from '../tidy/drafts.ts'
import { tryLock } from '../tidy/flock.ts'

/** One of each line that is supported, published for x64 and for arm64. */
export const NODE_VERSIONS = ['20.19.6', '22.23.3', '24.21.0', '26.10.0'] as const
export type NodeVersion = (typeof NODE_VERSIONS)[number]

const FOLDER = join(ROOT, 'node_modules', '.cache', 'node-versions')
const PACKAGE = `node-linux-${process.arch}`
const BOUND_MS = 120_000
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|E50\d)\b/
const run = promisify(execFile)

/** Why a Node of that version cannot be had here. */
export class NoSuchNode extends Error {}

const nodeFile = (version: NodeVersion) => join(FOLDER, version, 'bin', 'node')

/** Downloads one. Nothing but the program is unpacked: `npm install` would take three times as long. */
async function download(version: NodeVersion): Promise<void> {
  // Its own folder first, so that half an installation is never used.
  const draft = mkdtempSync(draftPrefix(join(FOLDER, 'draft-')))
  try {
    const name = `${PACKAGE}@${version}`
    await run('npm', ['pack', '--loglevel', 'error', '--fetch-retries', '1', name], { cwd: draft, timeout: BOUND_MS })
    const [archive = ''] = readdirSync(draft)
    const words = ['-xzf', archive, '--no-same-owner', '--strip-components=1', 'package/bin/node']
    await run('tar', words, { cwd: draft, timeout: BOUND_MS })
    rmSync(join(draft, archive))
    chmodSync(draft, 0o755)
    // What lies there has no such program: it was made by an earlier version of this file.
    rmSync(join(FOLDER, version), { recursive: true, force: true })
    renameSync(draft, join(FOLDER, version))
  } catch (error) {
    const reason = UNREACHABLE.exec(String((error as { stderr?: string }).stderr))?.[1]
    if (!reason) throw error
    throw new NoSuchNode(`Node ${version} is not installed, and the npm registry cannot be reached (${reason})`)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Downloads one if it is not there. Several test files want it at the same time, and one of them fetches it. */
async function install(version: NodeVersion): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  const lock = join(FOLDER, `lock-${version}`)
  closeSync(openSync(lock, 'a'))
  while (!existsSync(nodeFile(version))) {
    const { isLocked, release } = tryLock(lock)
    try {
      if (isLocked && !existsSync(nodeFile(version))) await download(version)
    } finally {
      release()
    }
    if (!isLocked) await pause(100)
  }
}

async function provide(version: NodeVersion): Promise<string> {
  await install(version)
  const printed = await run(nodeFile(version), ['--version']).catch(error => {
    throw new NoSuchNode(`the Node ${version} of npm does not run here: ${(error as Error).message}`)
  })
  if (printed.stdout.trim() !== `v${version}`) throw new Error(`${nodeFile(version)} is ${printed.stdout}`)
  return dirname(nodeFile(version))
}

const provided = new Map<NodeVersion, Promise<string>>()

/**
 * The folder to put first in PATH for a Node of that version.
 * @throws NoSuchNode where it cannot be had
 */
export function nodeFolder(version: NodeVersion): Promise<string> {
  const known = provided.get(version) ?? provide(version)
  provided.set(version, known)
  return known
}
