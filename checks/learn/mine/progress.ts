/**
 * What the reader has done, in mine/progress.json: small, readable, and usable on any machine.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LABS } from '../../../lib/lab/manifest.ts'
import { MINE, setAside, shown, writeMine } from './mine.ts'

/** Changes when a field changes its meaning or goes; new ones may come. */
const VERSION = 1

/** What the reader predicted before a lab was run. */
export interface Prediction {
  /** The question's name. */
  readonly question: string
  /** What they said, as it was shown to them; `null` for a question that they skipped. */
  readonly answer: string | null
  /** What the kernel then did; `null` where that could not be seen. */
  readonly kernel: string | null
  readonly isRight: boolean
}

/** What has become of one lab. */
export interface LabProgress {
  /** Days as `2026-11-25`. */
  readonly started?: string
  readonly done?: string
  /** The most tasks that were ever solved at once. */
  readonly tasks?: number
  /** Answers to the questions, if they have been asked. */
  readonly predictions?: readonly Prediction[]
}

/** All of it. */
export interface Progress {
  /** The lab that was worked on last. */
  readonly current?: string
  readonly labs: Readonly<Record<string, LabProgress>>
}

const FILE = join(MINE, 'progress.json')
const NOTHING: Progress = { labs: {} }

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isDay = (value: unknown): value is string => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)
const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string'

const isPrediction = (value: unknown): value is Prediction =>
  isRecord(value) &&
  typeof value['question'] === 'string' &&
  isTextOrNull(value['answer']) &&
  isTextOrNull(value['kernel']) &&
  typeof value['isRight'] === 'boolean'

/** What is wrong with the record of one lab, if anything is. */
function faultOf(name: string, lab: unknown): string | undefined {
  if (!LABS.some(({ slug }) => slug === name)) return `there is no lab ${JSON.stringify(name)}`
  if (!isRecord(lab)) return `${name} is no object`
  const { started, done, tasks, predictions } = lab
  for (const [field, day] of Object.entries({ started, done }))
    if (day !== undefined && !isDay(day)) return `${field} of ${name} is no day such as 2026-11-25`
  if (tasks !== undefined && !(Number.isInteger(tasks) && (tasks as number) >= 0))
    return `tasks of ${name} is no number of tasks`
  if (predictions !== undefined && !(Array.isArray(predictions) && predictions.every(isPrediction)))
    return `predictions of ${name} are not as they are written here`
  return undefined
}

/** What can be recovered from a text that is not valid JSON any more: days and numbers after the names of labs. */
function salvage(text: string): Progress {
  const places = LABS.map(({ slug }) => ({ slug, at: text.indexOf(`"${slug}": {`) })).filter(({ at }) => at >= 0)
  const labs = places.map(({ slug, at }) => {
    const end = Math.min(text.length, ...places.map(other => other.at).filter(other => other > at))
    const field = (name: string, value: string) => new RegExp(`"${name}": ${value}`).exec(text.slice(at, end))?.[1]
    const [started, done] = ['started', 'done'].map(name => field(name, '"(\\d{4}-\\d\\d-\\d\\d)"'))
    const tasks = field('tasks', '(\\d+)')
    return [slug, { ...(started && { started }), ...(done && { done }), ...(tasks && { tasks: Number(tasks) }) }]
  })
  return { labs: Object.fromEntries(labs) }
}

/** Reads a record as far as it can be read. @returns also what is wrong with the rest */
export function parseProgress(text: string): { readonly progress: Progress; readonly faults: readonly string[] } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { progress: salvage(text), faults: [`it is no JSON: ${(error as Error).message}`] }
  }
  if (!isRecord(value) || !isRecord(value['labs'])) return { progress: NOTHING, faults: ['it is no record of labs'] }
  if (value['version'] !== VERSION)
    return { progress: NOTHING, faults: [`its version is ${JSON.stringify(value['version'])}, and not ${VERSION}`] }
  const entries = Object.entries(value['labs'])
  const faults = entries.flatMap(([name, lab]) => faultOf(name, lab) ?? [])
  const labs = Object.fromEntries(entries.filter(([name, lab]) => !faultOf(name, lab))) as Progress['labs']
  const { current } = value
  return { progress: typeof current === 'string' ? { current, labs } : { labs }, faults }
}

/** The record as this process saw it last. */
let known = NOTHING

/**
 * Reads the record. A damaged one is moved aside, and a new one is written with all that can be read of it or is known
 * from before.
 */
export function readProgress(): Read {
  if (!existsSync(FILE)) return { progress: NOTHING }
  const { progress: found, faults } = parseProgress(readFileSync(FILE, 'utf8'))
  if (faults.length === 0) {
    known = found
    return { progress: found }
  }
  const kept = setAside(FILE)
  const labsOf = LABS.map(({ slug }) => [slug, { ...known.labs[slug], ...found.labs[slug] }] as const)
  const labs = Object.fromEntries(labsOf.filter(([, lab]) => Object.keys(lab).length > 0))
  const progress = { ...known, ...found, labs }
  writeProgress(progress)
  const rest = Object.keys(labs).length
  const what = rest > 0 ? `what is known of ${rest === 1 ? '1 lab' : `${rest} labs`} goes on` : 'a new one begins'
  return {
    progress,
    warning: `${shown(FILE)} was damaged: ${faults.join('; ')}. It is kept as ${shown(kept)}; ${what}.`,
  }
}

function writeProgress({ current, labs }: Progress): void {
  const ordered = LABS.flatMap(({ slug }) => (labs[slug] ? [[slug, labs[slug]]] : []))
  const value = { version: VERSION, ...(current !== undefined && { current }), labs: Object.fromEntries(ordered) }
  writeMine(FILE, `${JSON.stringify(value, null, 2)}\n`)
  known = { ...(current !== undefined && { current }), labs }
}

const today = () => new Date().toLocaleDateString('sv')

/** The record, and a warning if it was damaged. */
export interface Read {
  readonly progress: Progress
  readonly warning?: string
}

/** Reads, changes and writes the record, which another process may have written meanwhile. @returns as it is now */
function update(change: (progress: Progress) => Progress): Read {
  const before = readProgress()
  const progress = change(before.progress)
  if (JSON.stringify(progress) !== JSON.stringify(before.progress)) writeProgress(progress)
  return { ...before, progress }
}

const withLab = (progress: Progress, slug: string, change: LabProgress): Progress => ({
  ...progress,
  labs: { ...progress.labs, [slug]: { ...progress.labs[slug], ...change } },
})

/** Records that a lab is being worked on. */
export const recordStart = (slug: string): Read =>
  update(progress =>
    withLab({ ...progress, current: slug }, slug, { started: progress.labs[slug]?.started ?? today() }),
  )

/** Records how many tasks of a lab are solved, and whether it is done. What has once been done stays done. */
export const recordTasks = (slug: string, tasks: number, isDone: boolean): Read =>
  update(progress => {
    const { tasks: most = 0, done = isDone ? today() : undefined } = progress.labs[slug] ?? {}
    return withLab(progress, slug, { tasks: Math.max(most, tasks), ...(done !== undefined && { done }) })
  })

/** Records that the questions of a lab have been asked. */
export const recordPredictions = (slug: string, predictions: readonly Prediction[]): Read =>
  update(progress => withLab(progress, slug, { predictions }))
