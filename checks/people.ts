/**
 * The reporter for people: a line a claim, and behind a failed one what was expected, what was seen, why, and what to read.
 */
import type { TestEvent } from 'node:test/reporters'
import { chalk } from '../lib/colour.ts'

/** What the runner itself counts at the end. */
const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

/** Breaks a line between words where the terminal ends; what follows is indented by `hang`. */
function wrap(line: string, hang: number): string {
  const width = Math.max(40, process.stdout.columns ?? Number.POSITIVE_INFINITY)
  const words = line.trimStart().split(' ')
  const lines = [line.slice(0, line.length - line.trimStart().length) + words.shift()]
  for (const word of words) {
    const last = lines.length - 1
    if (`${lines[last]} ${word}`.length < width) lines[last] += ` ${word}`
    else lines.push(' '.repeat(hang) + word)
  }
  return lines.join('\n')
}

const indent = (text: string, by: number) => text.replace(/^/gm, ' '.repeat(by))
const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`

export default async function* people(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let held = 0
  let failed = 0
  let skipped = 0
  for await (const event of source) {
    if (event.type === 'test:start' && event.data.nesting === 0) yield `${chalk.bold(event.data.name)}\n`
    if (event.type === 'test:pass') {
      const { nesting, name, skip } = event.data
      if (skip !== undefined) {
        skipped++
        yield `${chalk.yellow('  cannot be judged here')}: ${indent(String(skip), 2).trim()}\n`
      } else if (nesting === 1) {
        held++
        yield `${chalk.green('  ✔')} ${wrap(name, 4)}\n`
      }
    }
    if (event.type === 'test:fail' && (event.data.nesting === 1 || !isSubtestFailure(event.data.details.error))) {
      failed++
      const lines = indent(messageOf(event.data.details.error), 6).split('\n')
      yield `${chalk.red('  ✘')} ${wrap(event.data.name, 4)}\n${lines.map(line => wrap(line, 17)).join('\n')}\n`
    }
    if (event.type === 'test:diagnostic' && !SUMMARY.test(event.data.message))
      yield `${chalk.dim(indent(event.data.message, 4))}\n`
  }
  const parts = [
    (held || failed) && count(held, 'claim holds', 'claims hold'),
    failed && count(failed, 'does not', 'do not'),
    skipped && `${count(skipped, 'lab', 'labs')} could not be judged`,
  ]
  yield `\n${parts.filter(Boolean).join(', ')}\n`
}

function isSubtestFailure(error: Error): boolean {
  return (error as { failureType?: string }).failureType === 'subtestsFailed'
}

function messageOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
