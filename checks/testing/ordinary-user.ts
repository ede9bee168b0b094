/**
 * For tests that run as root: an ordinary user, with a checkout of their own in a home that no other user may read.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startWords } from '../../lib/engine/start-words.ts'
import { ownName, PREFIX } from '../../lib/group/cgroup.ts'
import { removeGroup } from '../../lib/group/directory.ts'
import { type Hierarchy, hierarchies } from '../../lib/group/hierarchies.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { lendBundles } from '../../lib/testing/lend-bundles.ts'
import { readableNode } from '../../lib/testing/readable-checkout.ts'
import { allPids, realUser } from '../../lib/trace/proc.ts'
import { makeCheckout } from './checkout.ts'

/** A user that no distribution has, another in each process: tests that run side by side must not see each other's. */
export const USER = 0x20000000 + process.pid
const START = startWords()
/** A lab's command line for Node. */
export const lab = (slug: string, ...args: string[]): string[] => [...START, `labs/${slug}.ts`, ...args]
/** The same for `npm run check`. */
export const check = (...args: string[]): string[] => [...START, 'checks/check.ts', ...args]
/** The same for `npm run learn`. */
export const learn = (...args: string[]): string[] => [...START, 'checks/learn/learn.ts', ...args]
/** The same for `npm run grade`. */
export const grade = (...args: string[]): string[] => [...START, 'checks/grade/grade.ts', ...args]

/** What they start most often. */
const COMPILED = [...LABS.map(({ slug }) => `labs/${slug}.ts`), 'checks/check.ts', 'lib/engine/bundle-main.ts']

function give(path: string): void {
  lchownSync(path, USER, USER)
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const each = join(path, entry.name)
    if (entry.isDirectory()) give(each)
    else lchownSync(each, USER, USER)
  }
}

/** The ordinary user. */
export class OrdinaryUser {
  readonly home: string = mkdtempSync(join(tmpdir(), `${PREFIX}.user-`))
  readonly checkout: string = join(this.home, 'workbook')
  /** The Node that they can start. */
  readonly node: string = readableNode()
  /** Their user, directory and environment, as options of child_process. */
  readonly options = {
    cwd: this.checkout,
    uid: USER,
    gid: USER,
    env: { PATH: process.env['PATH'], HOME: this.home, TMPDIR: this.home, NO_COLOR: '1' },
  }
  #groups: readonly string[] = []

  /** Makes the home and the checkout, which only root can do. */
  constructor() {
    makeCheckout(this.checkout)
    lendBundles(this.checkout, COMPILED)
    give(this.home)
    chmodSync(this.home, 0o700)
  }

  /** Runs something of the checkout. */
  run(words: readonly string[], timeout = 180_000) {
    return spawnSync(this.node, words, { ...this.options, encoding: 'utf8', timeout })
  }

  /** Hands over a group in every v1 hierarchy that the labs need. @returns those that were made */
  handOver(): readonly string[] {
    const isWanted = ({ dialect, controllers }: Hierarchy) =>
      dialect === 'v1' && controllers.some(each => ['memory', 'freezer', 'pids'].includes(each))
    this.#groups = hierarchies()
      .filter(isWanted)
      .map(({ path }) => join(path, ownName('handed')))
    for (const path of this.#groups) {
      mkdirSync(path)
      for (const name of ['', ...readdirSync(path)]) chownSync(join(path, name), USER, USER)
    }
    return this.#groups
  }

  /** Removes the groups that were handed over. */
  takeBack(): void {
    for (const path of this.#groups) removeGroup(path)
    this.#groups = []
  }

  /** A shell script of the user's, outside the checkout. */
  script(name: string, text: string): string {
    const path = join(this.home, name)
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
    chownSync(path, USER, USER)
    return path
  }

  /** Their processes. */
  processes(): number[] {
    return allPids().filter(pid => realUser(pid) === USER)
  }

  /** Removes all that is theirs. */
  end(): void {
    this.takeBack()
    rmSync(this.home, { recursive: true, force: true })
  }
}
