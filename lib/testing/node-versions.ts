/**
 * For launch.test.ts: the Nodes that a program is started with, installed once and kept beside the bundles.
 */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../machine/root.ts'
import { draftPrefix } from '../tidy/drafts.ts'

/** One of each line that is supported, published for x64 and for arm64. */
export const NODE_VERSIONS = ['20.19.6', '22.23.3', '24.21.0', '26.10.0'] as const
export type NodeVersion = (typeof NODE_VERSIONS)[number]

const FOLDER = join(ROOT, 'node_modules', '.cache', 'node-versions')
const PACKAGE = `node-linux-${process.arch}`
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|E50\d)\b/
const run = promisify(execFile)

/** Why a Node of that version cannot be had here. */
export class NoSuchNode extends Error {}

async function install(version: NodeVersion): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  // Its own folder first, so that two runs at once do not meet and half an installation is never used.
  const draft = mkdtempSync(draftPrefix(join(FOLDER, 'draft-')))
  try {
    const options = ['--no-save', '--no-audit', '--no-fund', '--fetch-retries', '1', '--prefix', draft]
    await run('npm', ['install', ...options, `${PACKAGE}@${version}`], { cwd: draft, timeout: 120_000 })
    chmodSync(draft, 0o755)
    if (!existsSync(join(FOLDER, version))) renameSync(draft, join(FOLDER, version))
  } catch (error) {
    const reason = UNREACHABLE.exec(String((error as { stderr?: string }).stderr))?.[1]
    if (!reason) throw error
    throw new NoSuchNode(`Node ${version} is not installed, and the npm registry cannot be reached (${reason})`)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

async function provide(version: NodeVersion): Promise<string> {
  if (!existsSync(join(FOLDER, version))) await install(version)
  const bin = join(FOLDER, version, 'node_modules', PACKAGE, 'bin')
  const printed = await run(join(bin, 'node'), ['--version']).catch(error => {
    throw new NoSuchNode(`the Node ${version} of npm does not run here: ${(error as Error).message}`)
  })
  if (printed.stdout.trim() !== `v${version}`) throw new Error(`${bin} holds ${printed.stdout}`)
  return bin
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
