/**
 * Which labs and checks of this checkout run now.
 */
import { existsSync, readlinkSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { CLONEABLE_FLAGS } from '../../lib/engine/cloneable.ts'
import { slugOf } from '../../lib/lab/lab-names.mjs'
import { LABS, type Lab } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { statusField } from '../../lib/trace/proc.ts'
import { allProcesses, wordsOfProcess } from './facts.ts'

/** A program of this checkout that runs. */
export interface Running {
  readonly pid: number
  /** What it is, `lab 3: A network namespace`. */
  readonly title: string
  /** The lab, if it is one. */
  readonly lab: Lab | undefined
}

/** What else is worth watching, because it starts programs in sandboxes. */
const OTHERS: Readonly<Record<string, string>> = {
  check: 'npm run check',
  grade: 'npm run grade',
  learn: 'npm run learn',
}

/** A name of a program or of the bundle that was made from it: `03-newnet.ts`, `03-newnet-1a2b3c4d.mjs`. */
const nameOf = (path: string) => basename(path).replace(/(-[0-9a-f]{8})?\.(mjs|ts)$/, '')

/** What `labs/run` starts a lab with; the lab's name comes next. */
const RUNNER = join(ROOT, 'lib', 'lab', 'run-lab.mjs')

const titleOf = ({ number, title }: Lab) => `lab ${number}: ${title}`

/**
 * The directory of a process; where the kernel does not tell (it is root's, and the watcher is not), that of the nearest
 * one above it of which it tells: sudo and npx stay where they are started.
 */
function directoryOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    const parent = Number(statusField(pid, 'PPid') ?? 0)
    return parent > 1 ? directoryOf(parent) : undefined
  }
}

/** The checkout that a file lies in: a folder of this one may hold another. */
function checkoutOf(file: string): string | undefined {
  const folder = dirname(file)
  if (existsSync(join(folder, 'lib', 'engine', 'start.mjs'))) return folder
  return folder === file ? undefined : checkoutOf(folder)
}

function isOfThisCheckout(pid: number, path: string): boolean {
  const folder = isAbsolute(path) ? '/' : directoryOf(pid)
  return folder !== undefined && checkoutOf(resolve(folder, path)) === ROOT
}

/**
 * What a process is, by its arguments: the lab is the Node that can be cloned, and not npx or tsx, which started it.
 */
export function recognise(pid: number, words: readonly string[]): Omit<Running, 'pid'> | undefined {
  if (!CLONEABLE_FLAGS.every(flag => words.includes(flag))) return undefined
  const runner = words.indexOf(RUNNER)
  const named = slugOf(words[runner + 1] ?? '', runner < 0 ? [] : LABS.map(({ slug }) => slug))
  const running = LABS.find(({ slug }) => slug === named)
  if (running) return { title: titleOf(running), lab: running }
  const paths = words.slice(1).filter(word => /\.(mjs|ts)$/.test(word) && !word.startsWith('-'))
  for (const path of paths) {
    if (!isOfThisCheckout(pid, path)) continue
    const name = nameOf(path)
    const lab = LABS.find(({ slug }) => slug === name)
    if (lab) return { title: titleOf(lab), lab }
    const other = OTHERS[name]
    if (other) return { title: other, lab: undefined }
  }
  return undefined
}

/** All that run now, the youngest last; a copy of one that runs is part of it. */
export function runningLabs(): Running[] {
  const nodes = allProcesses().filter(({ name, state }) => /^(node|MainThread)/.test(name) && state !== 'Z')
  const found = nodes.flatMap(({ pid, parent }) => {
    const known = recognise(pid, wordsOfProcess(pid))
    return known ? [{ pid, parent, ...known }] : []
  })
  const pids = new Set(found.map(({ pid }) => pid))
  return found.filter(({ parent }) => !pids.has(parent)).map(({ pid, title, lab }) => ({ pid, title, lab }))
}
