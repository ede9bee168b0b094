/**
 * Counting the results of several runs of node:test as if they were one.
 */
import { testName } from './compiled.ts'

/** An event of node:test as its reporters get it. @see node:test TestsStream */
export interface TestEvent {
  readonly type: string
  readonly data: {
    readonly name?: string
    readonly nesting?: number
    readonly message?: string
    readonly file?: string | undefined
    readonly details?: { readonly duration_ms?: number }
  }
}

/** The lines with which a run sums up, in their order. */
const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo']
/** How long a run took. Runs overlap, so their durations say nothing of all of them together. */
const DURATION = 'duration_ms'
const MOST = 25

/** The results of all runs so far. */
export class Tally {
  readonly #counts = new Map(COUNTS.map(name => [name, 0]))
  readonly #times: { readonly name: string; readonly file: string; readonly ms: number }[] = []
  readonly #began = performance.now()
  readonly #listsSlowest: boolean

  constructor(listsSlowest: boolean) {
    this.#listsSlowest = listsSlowest
  }

  /**
   * @returns whether the event is to be shown: the summary of each run is left out, and one for all is given at the end
   */
  take({ type, data }: TestEvent): boolean {
    if (type === 'test:summary') return false
    if (data.nesting === 0 && (type === 'test:pass' || type === 'test:fail'))
      this.#times.push({ name: data.name ?? '', file: data.file ?? '', ms: data.details?.duration_ms ?? 0 })
    if (type !== 'test:diagnostic') return true
    const [, name = '', value] = /^(\w+) ([\d.]+)$/.exec(data.message ?? '') ?? []
    if (name === DURATION) return false
    if (!this.#counts.has(name)) return true
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + Number(value))
    return false
  }

  get hasFailed(): boolean {
    return (this.#counts.get('fail') ?? 0) + (this.#counts.get('cancelled') ?? 0) > 0 || this.#counts.get('tests') === 0
  }

  /** The last lines, as node:test words them. */
  *summary(): Generator<TestEvent> {
    const counts: [string, number][] = [...this.#counts, [DURATION, performance.now() - this.#began]]
    const lines = counts.map(([name, value]) => `${name} ${value}`)
    for (const message of [...(this.#listsSlowest ? this.#slowest() : []), ...lines])
      yield { type: 'test:diagnostic', data: { nesting: 0, message, file: undefined } }
  }

  /** Files by the time that their tests took, and the tests that took longest. */
  #slowest(): string[] {
    const files = new Map<string, number>()
    for (const { file, ms } of this.#times) files.set(file, (files.get(file) ?? 0) + ms)
    const row = (ms: number, text: string) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${text}`
    const longest = <T>(all: readonly T[], time: (one: T) => number) =>
      [...all].sort((one, other) => time(other) - time(one)).slice(0, MOST)
    return [
      'the slowest files:',
      ...longest([...files], ([, ms]) => ms).map(([file, ms]) => row(ms, testName(file))),
      'the slowest tests:',
      ...longest(this.#times, ({ ms }) => ms).map(({ name, file, ms }) => row(ms, `${testName(file)}: ${name}`)),
    ]
  }
}
