/**
 * The reporter for people: a line a claim, and behind a failed one what was expected, what was seen, why, and what to read.
 */
import type { TestEvent } from 'node:test/reporters'
import { chalk } from '../lib/say.ts'

/** What the runner itself counts at the end. */
const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

const indent = (text: string, by: number) => text.replace(/^/gm, ' '.repeat(by))

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
        yield `${chalk.green('  ✔')} ${name}\n`
      }
    }
    if (event.type === 'test:fail' && (event.data.nesting === 1 || !isSubtestFailure(event.data.details.error))) {
      failed++
      yield `${chalk.red('  ✘')} ${event.data.name}\n${indent(messageOf(event.data.details.error), 6)}\n`
    }
    if (event.type === 'test:diagnostic' && !SUMMARY.test(event.data.message))
      yield `${chalk.dim(indent(event.data.message, 4))}\n`
  }
  const parts = [`${held} claims hold`, failed && `${failed} do not`, skipped && `${skipped} labs could not be judged`]
  yield `\n${parts.filter(Boolean).join(', ')}\n`
}

function isSubtestFailure(error: Error): boolean {
  return (error as { failureType?: string }).failureType === 'subtestsFailed'
}

function messageOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
