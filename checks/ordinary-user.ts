/**
 * For tests: an ordinary user, who has a checkout of their own in a home that nobody else may read.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { ownName } from '../lib/cgroup.ts'
import { type Hierarchy, hierarchies } from '../lib/hierarchies.ts'
import { allPids, statusField } from '../lib/proc.ts'
import { ROOT } from '../lib/root.ts'
import { probeUserNamespaces } from '../lib/user-namespaces.ts'

/** Why these tests cannot run here. */
export const skip =
  process.getuid?.() !== 0
    ? 'needs root, to become somebody else'
    : !probeUserNamespaces().works && 'no user namespaces'

/** A user that no distribution has. */
export const USER = 70007
export const home = mkdtempSync(join(tmpdir(), 'without-root-'))
export const checkout = join(home, 'workbook')
after(() => rmSync(home, { recursive: true }))

function give(path: string): void {
  lchownSync(path, USER, USER)
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const each = join(path, entry.name)
    if (entry.isDirectory()) give(each)
    else lchownSync(each, USER, USER)
  }
}

/** Makes the user's checkout: all that is ours, with the packages of this one. */
function makeCheckout(): void {
  const isOurs = (path: string) => !/\/(\.git|node_modules|buildroot\/(fs|work))$/.test(path)
  cpSync(ROOT, checkout, { recursive: true, preserveTimestamps: true, filter: isOurs })
  mkdirSync(join(checkout, 'node_modules', '.cache'), { recursive: true })
  for (const name of readdirSync(join(ROOT, 'node_modules')).filter(each => each !== '.cache'))
    symlinkSync(join(ROOT, 'node_modules', name), join(checkout, 'node_modules', name))
  give(home)
  chmodSync(home, 0o700)
}

if (!skip) makeCheckout()

const START = ['--single-threaded', '--v8-pool-size=0', '--enable-source-maps', 'lib/start.mjs']
/** A lab's command line for Node. */
export const lab = (slug: string, ...args: string[]) => [...START, `labs/${slug}.ts`, ...args]
/** The same for `npm run check`. */
export const check = (...args: string[]) => [...START, 'checks/check.ts', ...args]
/** Who runs it, where. */
export const OPTIONS = {
  cwd: checkout,
  uid: USER,
  gid: USER,
  env: { PATH: process.env['PATH'], HOME: home, TMPDIR: home, NO_COLOR: '1' },
}

/** Runs something of the checkout as the user. */
export function run(words: readonly string[], options: { timeout?: number } = {}) {
  return spawnSync(process.execPath, words, { ...OPTIONS, encoding: 'utf8', timeout: 60_000, ...options })
}

/** Hands the user a group in every hierarchy that the labs need. @returns those that were made */
export function handOver(): string[] {
  const isWanted = ({ dialect, controllers }: Hierarchy) =>
    dialect === 'v1' && controllers.some(each => ['memory', 'freezer', 'pids'].includes(each))
  const made = hierarchies()
    .filter(isWanted)
    .map(({ path }) => join(path, ownName('handed')))
  for (const path of made) {
    mkdirSync(path)
    for (const name of ['', ...readdirSync(path)]) chownSync(join(path, name), USER, USER)
  }
  return made
}

/** Processes of the user. */
export const theirs = () => allPids().filter(pid => statusField(pid, 'Uid')?.startsWith(`${USER}\t`))

/** A shell script of the user's, outside the checkout. */
export function script(name: string, text: string): string {
  const path = join(home, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  chownSync(path, USER, USER)
  return path
}
