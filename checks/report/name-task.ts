/**
 * Which exercise is behind a claim that does not hold.
 */
import { readFileSync } from 'node:fs'
import type { Assignment } from '../judge/in-child.ts'
import type { Finding, Verdict } from '../judge/judge.ts'
import { type Job, type RunningLab, startLabs } from '../judge/run.ts'
import { checkedLab } from '../labs/all.ts'
import { COMMON } from '../labs/common-hints.ts'
import type { Exercise } from '../labs/exercise.ts'
import { findRegion, isEmptyRegion, numberOf, openTaskNumbers, regionLines } from '../labs/tasks.ts'
import { crashIn, isAboutAnother } from './crash.ts'

/**
 * The places of the exercises that are open in a program, in the order in which they are done: their call still stands
 * there, or nothing does.
 */
export function openPlaces(slug: string, source: string): number[] {
  const open = openTaskNumbers(source)
  const isOpen = (region: string, place: number) =>
    open.includes(numberOf(slug, place)) || isEmptyRegion(source, region)
  return checkedLab(slug).exercises.flatMap(({ region }, place) => (isOpen(region, place) ? [place] : []))
}

const knows = (exercises: readonly Exercise[], seen: string) => (place: number) =>
  exercises[place]?.seen?.some(({ when }) => when.test(seen)) ?? false

/** Of several exercises with the same claim, the one whose hints fit what was seen. */
function bestMatch(places: readonly number[], exercises: readonly Exercise[], seen: string): number | undefined {
  return places.find(knows(exercises, seen)) ?? places[0]
}

/** The place of the exercise in whose region the program failed by its own account. */
export function crashedPlace(slug: string, source: string, output: string): number | undefined {
  const lines = source.split('\n')
  const parts = checkedLab(slug).exercises.map(({ region }) => findRegion(lines, region))
  for (const line of crashIn(output)?.places ?? []) {
    const place = parts.findIndex(part => part && line - 1 >= part.from && line - 1 < part.to)
    if (place >= 0) return place
  }
  return undefined
}

/**
 * Where the program failed outside of every exercise: the place of the first that is written and whose hints know that
 * error, as those of a clone without SIGCHLD know what waitpid() says much later.
 */
export function knowingPlace(slug: string, source: string, output: string): number | undefined {
  const [message = ''] = crashIn(output)?.lines ?? []
  if (message === '' || isAboutAnother(message) || crashedPlace(slug, source, output) !== undefined) return undefined
  const open = openPlaces(slug, source)
  const { exercises } = checkedLab(slug)
  const place = exercises.findIndex((_, at) => !open.includes(at) && knows(exercises, message)(at))
  return place < 0 ? undefined : place
}

/** The hints for what stands in the lines of an exercise and cannot have been meant, if there is such a thing. */
export function slipIn(slug: string, source: string, place: number): readonly string[] | undefined {
  const exercise = checkedLab(slug).exercises[place]
  const text = (exercise && regionLines(source, exercise.region)?.join('\n')) ?? ''
  return [...(exercise?.written ?? []), ...COMMON.slips].find(({ when }) => when.test(text))?.hints
}

/**
 * The place of the exercise that a reader has to look at: where the program itself failed, else the first that is open,
 * or the exercise of the claim, if that comes earlier and has been written. For a claim without an exercise it is the one whose hints fit what was seen.
 * @param seen what is known of the failure besides
 * @param output what the program printed
 */
export function placeBehind(
  slug: string,
  source: string,
  title: string,
  seen: string,
  output = '',
): number | undefined {
  const crashed = crashedPlace(slug, source, output) ?? knowingPlace(slug, source, output)
  if (crashed !== undefined) return crashed
  const open = openPlaces(slug, source)
  const exercises = checkedLab(slug).exercises
  const places = exercises.flatMap(({ claim, region }, place) =>
    claim === title && regionLines(source, region) ? [place] : [],
  )
  const isWritten = (place: number) => !open.includes(place) && regionLines(source, exercises[place]?.region ?? '')
  const knowing = places.length > 0 ? [] : [...exercises.keys()].filter(isWritten).filter(knows(exercises, seen))
  const written = places.some(place => open.includes(place))
    ? undefined
    : (bestMatch(places, exercises, seen) ?? knowing[0])
  const candidates = [open[0], written].filter(place => place !== undefined)
  return candidates.length === 0 ? undefined : Math.min(...candidates)
}

function readSource(path: string | undefined): string {
  try {
    return path === undefined ? '' : readFileSync(path, 'utf8')
  } catch {
    // ENOENT: it was removed meanwhile.
    return ''
  }
}

/** Adds the exercise to the first finding that does not hold. To be called with each finding once, in order. */
function naming({ slug, source }: Pick<Assignment, 'slug' | 'source'>, output: string): (finding: Finding) => Finding {
  const text = readSource(source)
  let isFirst = true
  return finding => {
    if (!finding.failure || !isFirst) return finding
    isFirst = false
    const place = placeBehind(slug, text, finding.title, finding.failure.seen, output)
    const exercise = place === undefined ? undefined : checkedLab(slug).exercises[place]
    return exercise ? { ...finding, task: `${numberOf(slug, place as number)} ${exercise.task}` } : finding
  }
}

/** The same for all findings of a verdict. */
export function withTask(assignment: Pick<Assignment, 'slug' | 'source'>, verdict: Verdict): Verdict {
  return verdict.kind === 'cannot'
    ? verdict
    : { ...verdict, findings: verdict.findings.map(naming(assignment, verdict.output)) }
}

/** Starts the judges of a job, and names the exercise behind the first finding of each lab that does not hold. */
export function startNamedLabs(job: Job): RunningLab[] {
  return startLabs(job).map((lab, i) => {
    const assignment = job.assignments[i]
    return assignment ? { ...lab, verdict: lab.verdict.then(verdict => withTask(assignment, verdict)) } : lab
  })
}
