/**
 * The reader's copy of a lab: the same program, with tasks in place of some of its regions.
 */
import { wrap } from '../../lib/lab/layout.ts'
import type { Exercise } from './exercise.ts'

/** How long the text of a comment may be. */
const WIDTH = 116
const TASK_CALL = /\b(?:openTask|skipTask)\s*(?:<[^(]*(?:\([^)]*\)[^(]*)?>)?\s*\(\s*['"](\d+\.\d+)['"]/g
const IMPORT = /^import \{[^}]*\} from '\.\.\/lib\/lab\/task\.ts'\n/m

/** A part of a text, from one line up to, and without, another. */
interface Part {
  readonly from: number
  readonly to: number
}

/** Where the lines of a region are, its markers left out; `undefined` where it is not marked. */
export function findRegion(lines: readonly string[], region: string): Part | undefined {
  const from = lines.findIndex(line => line.trim() === `// #region ${region}`) + 1
  const to = lines.findIndex(line => line.trim() === `// #endregion ${region}`)
  return from > 0 && to >= from ? { from, to } : undefined
}

/** The lines of a region, `undefined` where it is not marked. */
export function regionLines(source: string, region: string): string[] | undefined {
  const lines = source.split('\n')
  const part = findRegion(lines, region)
  return part && lines.slice(part.from, part.to)
}

function replaceRegion(source: string, region: string, lines: readonly string[]): string {
  const all = source.split('\n')
  const part = findRegion(all, region)
  if (!part) throw new Error(`there is no region ${region}`)
  return [...all.slice(0, part.from), ...lines, ...all.slice(part.to)].join('\n')
}

const quote = (text: string) => (text.includes("'") ? JSON.stringify(text) : `'${text}'`)

/** What stands in place of a region: the task as a comment, and code that names it when it is run. */
function blankLines(indent: string, number: string, { task, given, blank }: Exercise): string[] {
  const comment = [`Task ${number}: ${task}`, given].flatMap(text => wrap(text, 0, WIDTH - indent.length).split('\n'))
  const call = `${quote(number)}, ${quote(task)}`
  const code = blank ? blank(call) : `skipTask(${call})`
  return [...comment.map(line => `// ${line}`), ...code.split('\n')].map(line => indent + line)
}

/** The import of what the tasks call, among the others in the order of their names. */
function addImport(source: string): string {
  const names = ['openTask', 'skipTask'].filter(name => source.includes(`${name}(`) || source.includes(`${name}<`))
  if (names.length === 0) return source
  const lines = source.split('\n')
  const path = (line: string) => /^import .*from '(.*)'$/.exec(line)?.[1] ?? ''
  const before = lines.findIndex(line => path(line) > '../lib/lab/task.ts')
  const at = before < 0 ? lines.findLastIndex(line => path(line) !== '') + 1 : before
  return [...lines.slice(0, at), `import { ${names.join(', ')} } from '../lib/lab/task.ts'`, ...lines.slice(at)].join(
    '\n',
  )
}

/** The number of an exercise, `3.2`. */
export const numberOf = (slug: string, place: number): string => `${Number.parseInt(slug, 10)}.${place + 1}`

/**
 * Blanks regions of a lab.
 * @param source the lab's program
 * @param exercises all of the lab's
 * @param isBlank which of them are blanked, by their place
 */
export function blankLab(
  source: string,
  slug: string,
  exercises: readonly Exercise[],
  isBlank: (place: number) => boolean = () => true,
): string {
  let text = source.replaceAll(`labs/${slug}.ts`, `mine/${slug}.ts`)
  for (const [place, exercise] of exercises.entries()) {
    if (!isBlank(place)) continue
    const indent = /^ */.exec(regionLines(text, exercise.region)?.[0] ?? '')?.[0] ?? ''
    text = replaceRegion(text, exercise.region, blankLines(indent, numberOf(slug, place), exercise))
  }
  return addImport(text)
}

/** A copy with some of its regions as they are in the lab, and without the imports that only the tasks needed. */
export function putBack(copy: string, lab: string, slug: string, regions: readonly string[]): string {
  let text = copy
  for (const region of regions) text = replaceRegion(text, region, regionLines(lab, region) ?? [])
  if (openTaskNumbers(text).length > 0) return text
  return text.replace(IMPORT, '').replaceAll(`mine/${slug}.ts`, `labs/${slug}.ts`)
}

/** A program without its comments, line for line. */
const withoutComments = (source: string) =>
  source.replace(/\/\*[\s\S]*?\*\//g, comment => comment.replace(/[^\n]/g, '')).replace(/^[ \t]*\/\/.*$/gm, '')

/** The numbers of the tasks that are open in a program, `3.2`, in the order of its lines. */
export function openTaskNumbers(source: string): string[] {
  return [...withoutComments(source).matchAll(TASK_CALL)].map(([, number]) => number as string)
}

/** Whether the lines of a region hold no code: whatever stood there is gone, or has become a comment. */
export function isEmptyRegion(source: string, region: string): boolean {
  const lines = regionLines(source, region)
  return lines !== undefined && withoutComments(lines.join('\n')).trim() === ''
}

/** The line of a task that is open in a program, from 1. */
export function lineOfTask(source: string, number: string): number | undefined {
  const text = withoutComments(source)
  const found = [...text.matchAll(TASK_CALL)].find(([, each]) => each === number)
  return found && text.slice(0, found.index).split('\n').length
}
