/**
 * From what was handed in to what can be judged: a copy that stands alone, compiled where it has to be.
 */
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, extname, join, relative } from 'node:path'
import { compile, describeBuildFailure } from '../../lib/engine/bundle.ts'
import { CLONEABLE_FLAGS } from '../../lib/engine/cloneable.ts'
import { ROOT } from '../../lib/machine/root.ts'
import type { Assignment } from '../judge/in-child.ts'
import { harmlessLines } from '../judge/sanitize.ts'
import { whyUnstartable } from '../judge/unstartable.ts'
import { compileC } from './compile-c.ts'
import { standAlone } from './stand-alone.ts'
import type { Submission } from './submissions.ts'

/** What one student may hand in: bytes and files. */
const MOST = { bytes: 32 * 1024 * 1024, files: 1000 } as const
/** Where a submission is in its sandbox. */
const PLACE = '/tmp/submission'
/** Bundles find their packages from here. */
const BUNDLES = join(ROOT, 'node_modules', '.cache')
/** The parts of the checkout that no submission may see, because they contain answers or other people's work. */
const ANSWERS = ['labs', 'mine', 'checks', 'book', 'grades', '.git', join('node_modules', '.cache')].map(name =>
  join(ROOT, name),
)

/** A submission that can be judged, or why not. */
export type Prepared =
  | { readonly submission: Submission; readonly assignment: Assignment }
  | { readonly submission: Submission; readonly problem: string }

/** Why a submission cannot be run, for the student. */
class Unfit extends Error {
  override readonly name = 'Unfit'
}

/** Copies files and folders, and leaves out links and whatever else is no file. */
function copyTree(from: string, to: string, left: { bytes: number; files: number }): void {
  const found = lstatSync(from)
  if (found.isDirectory()) {
    mkdirSync(to)
    for (const name of readdirSync(from)) copyTree(join(from, name), join(to, name), left)
  } else if (found.isFile()) {
    left.bytes -= found.size
    left.files -= 1
    if (left.bytes < 0 || left.files < 0)
      throw new Unfit(`it is too large: at most ${MOST.files} files of ${MOST.bytes / 1024 / 1024} MiB in all`)
    copyFileSync(from, to)
    chmodSync(to, found.mode & 0o777)
  }
}

/** A script has to be executable: which program runs it is decided by its first line alone. @throws Unfit */
function refuseUnlessExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK)
    // Root may execute a file if any user may, so access(2) alone does not tell.
    if ((lstatSync(file).mode & 0o111) !== 0) return
  } catch {
    // EACCES
  }
  throw new Unfit('it is not executable: chmod +x, and a first line such as #!/bin/sh or #!/usr/bin/env python3')
}

async function bundleOf(file: string, copy: string, desk: string): Promise<string> {
  const folder = join(desk, 'bundle')
  mkdirSync(folder)
  try {
    writeFileSync(join(folder, 'program.mjs'), await compile(file, [standAlone(copy)]))
  } catch (error) {
    throw new Unfit(`it does not compile\n${describeBuildFailure(error).replaceAll(`${copy}/`, '')}`)
  }
  return folder
}

/** How the program is started in its sandbox, and what has to be there for that. */
async function commandOf(file: string, copy: string, desk: string, hidden: readonly string[]) {
  const shown = [{ from: copy, to: PLACE }]
  const place = join(PLACE, relative(copy, file))
  if (/\.[cm]?[jt]s$/.test(file)) {
    const to = join(BUNDLES, 'submission')
    shown.push({ from: await bundleOf(file, copy, desk), to })
    const command = [process.execPath, ...CLONEABLE_FLAGS, '--enable-source-maps', join(to, 'program.mjs')] as const
    return { command, shown }
  }
  if (extname(file) !== '.c') {
    refuseUnlessExecutable(file)
    const fault = whyUnstartable(file)
    if (fault)
      throw new Unfit(
        `it cannot be started: ${fault.seen} (what helps: ${fault.hint.replaceAll(file, basename(file))})`,
      )
    return { command: [place] as const, shown }
  }
  const program = `${basename(file, '.c')}.compiled`
  const wrong = await compileC(basename(file), program, dirname(file), hidden)
  if (wrong !== undefined) throw new Unfit(`it does not compile\n${wrong}`)
  return { command: [join(dirname(place), program)] as const, shown }
}

/**
 * Makes a copy of a submission that only its own sandbox sees.
 * @param root the folder of submissions
 * @param desk a new folder for it
 * @param hidden what no submission may see, besides the answers
 */
export async function prepare(
  submission: Submission,
  root: string,
  desk: string,
  hidden: readonly string[],
): Promise<Prepared> {
  const { program, source, lab, problem } = submission
  if (problem !== undefined || program === undefined) return { submission, problem: problem ?? 'nothing was handed in' }
  const isSingle = join(root, program) === source
  const copy = join(desk, 'copy')
  try {
    mkdirSync(desk)
    if (isSingle) mkdirSync(copy)
    copyTree(source, isSingle ? join(copy, basename(program)) : copy, { ...MOST })
    const file = isSingle ? join(copy, basename(program)) : join(copy, relative(source, join(root, program)))
    const { command, shown } = await commandOf(file, copy, desk, hidden)
    const confinement = { hidden: [...hidden, ...ANSWERS], shown }
    return { submission, assignment: { slug: lab.slug, program, command: [...command], confinement } }
  } catch (error) {
    if (error instanceof Unfit) return { submission, problem: harmlessLines(error.message) }
    const { code, message } = error as NodeJS.ErrnoException
    return { submission, problem: `it cannot be read (${harmlessLines(code ?? message)})` }
  }
}
