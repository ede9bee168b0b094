/**
 * From what was handed in to what can be judged: a copy that stands alone, made ready as a check makes it.
 */
import { chmodSync, copyFileSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { CannotRun, UsageError } from '../../lib/errors.ts'
import { ROOT } from '../../lib/machine/root.ts'
import type { Assignment } from '../judge/in-child.ts'
import { harmlessLines } from '../judge/sanitize.ts'
import { NoOtherUser } from '../ready/folder.ts'
import { ready, Unfit } from '../ready/ready.ts'
import type { Submission } from './submissions.ts'

/** What one student may hand in: bytes and files. */
const MOST = { bytes: 32 * 1024 * 1024, files: 1000 } as const
/** Where a submission is in its sandbox. */
const PLACE = '/tmp/submission'
/** Where its bundle is: the packages of this checkout are found from here. */
const BUNDLE_PLACE = join(ROOT, 'node_modules', '.cache', 'submission')
/** The parts of the checkout that no submission may see, because they contain answers or other people's work. */
const ANSWERS = ['labs', 'mine', 'checks', 'book', 'grades', '.git', join('node_modules', '.cache')].map(name =>
  join(ROOT, name),
)

/** A submission that can be judged, or why not. */
export type Prepared =
  | { readonly submission: Submission; readonly assignment: Assignment }
  | { readonly submission: Submission; readonly problem: string }

/** It is more than one student may hand in. */
class TooLarge extends Error {
  override readonly name = 'TooLarge'
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
      throw new TooLarge(`it is too large: at most ${MOST.files} files of ${MOST.bytes / 1024 / 1024} MiB in all`)
    copyFileSync(from, to)
    chmodSync(to, found.mode & 0o777)
  }
}

/** What is wrong with it, for the student. @throws whatever is not about the submission */
function problemOf(error: unknown): string {
  if (error instanceof Unfit) return harmlessLines(error.what)
  if (error instanceof TooLarge || error instanceof UsageError) return harmlessLines(error.message)
  if (error instanceof CannotRun) throw error
  const { code, message } = error as NodeJS.ErrnoException
  return `it cannot be read (${harmlessLines(code ?? message)})`
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
  const isSingle = join(root, program) === source && lstatSync(source).isFile()
  const [copy, bundle] = [join(desk, 'copy'), join(desk, 'bundle')]
  try {
    mkdirSync(desk)
    mkdirSync(bundle)
    if (isSingle) mkdirSync(copy)
    copyTree(source, isSingle ? join(copy, basename(program)) : copy, { ...MOST })
    const file = isSingle ? join(copy, basename(program)) : join(copy, relative(source, join(root, program)))
    const submitted = { folder: copy, place: PLACE, hidden, bundle, bundlePlace: BUNDLE_PLACE }
    const { command, hasBundle } = await ready(file, lab.slug, submitted)
    const shown = [{ from: copy, to: PLACE }, ...(hasBundle ? [{ from: bundle, to: BUNDLE_PLACE }] : [])]
    const confinement = { hidden: [...hidden, ...ANSWERS], shown }
    return { submission, assignment: { slug: lab.slug, program, command: [...command], confinement } }
  } catch (error) {
    // No fault of the student's: the mark stays open.
    if (error instanceof NoOtherUser)
      return { submission, assignment: { slug: lab.slug, program, command: [program], cannot: error.message } }
    return { submission, problem: problemOf(error) }
  }
}
