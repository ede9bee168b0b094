/**
 * How a story is asked for: `--story`, `--story all`, `--story FILE.svg`.
 */
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { UsageError } from '../../../lib/errors.ts'
import type { Knob } from '../../../lib/lab/knobs.ts'
import type { Told } from '../../observer/story/event.ts'
import { fileOf } from '../../ready/ready.ts'
import { drawPicture, type Titled } from './picture.ts'

/** What is wanted: lines of what counts, lines of everything, or a picture. */
export type View = 'lines' | 'all' | { readonly picture: string }

/** The option. */
export function storyOf(): Knob<View | undefined> {
  const parse = (text: string): View | undefined => {
    if (text === '') return 'lines'
    if (text === 'all') return 'all'
    return /[^/]\.svg$/.test(text) ? { picture: text } : undefined
  }
  return {
    initial: undefined,
    help: 'what the kernel did, in order; all leaves nothing out, FILE.svg is drawn',
    expected: 'alone, or all, or a file that ends in .svg',
    placeholder: '[all|FILE.svg]',
    parse,
    isOptional: true,
  }
}

/** The error of a picture that cannot be written. */
const unwritable = (file: string, error: unknown) =>
  new UsageError(
    `--story: ${file} cannot be written: ${(error as Error).message}\nhint: name a file in a folder of yours`,
  )

/**
 * To be called before anything is judged.
 * @throws UsageError where one file is wanted for several labs, or the file cannot be written
 */
export function checkView(view: View, labs: number): void {
  if (typeof view === 'string') return
  if (labs > 1)
    throw new UsageError(
      `--story ${view.picture} is the picture of one lab\nhint: name the lab, as in npm run check lab3 -- --story ${view.picture}`,
    )
  const file = fileOf(view.picture)
  try {
    const isNew = !existsSync(file)
    // As root, access(2) allows what the file system then refuses.
    closeSync(openSync(file, 'a'))
    if (isNew) rmSync(file)
  } catch (error) {
    throw unwritable(file, error)
  }
}

/** Draws the picture, where one is wanted and there is something to draw. @throws UsageError if it cannot be written */
export function drawStory(
  labs: readonly (Titled & { readonly story?: Told })[],
  view: View,
  tell: (line: string) => void,
): void {
  if (typeof view === 'string') return
  const [lab] = labs
  const file = fileOf(view.picture)
  if (!lab?.story) {
    tell(`${file} is not drawn: there is no story`)
    return
  }
  try {
    writeFileSync(file, drawPicture(lab, lab.story))
  } catch (error) {
    throw unwritable(file, error)
  }
  tell(`the story is drawn in ${file}`)
}
