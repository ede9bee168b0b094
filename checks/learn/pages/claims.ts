/**
 * The claims of a lab on the reader's page: how many hold, and the first that does not, with the lines of the story that
 * concern it.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import type { ClaimReport, LabReport } from '../../report/report.ts'
import { concerning } from '../../report/story/concern.ts'
import { layLines } from '../../report/story/print.ts'
import { hangOf } from '../mine/hints.ts'
import { paragraph } from './page.ts'

/** How much is shown of each part. */
export interface Detail {
  readonly tasks: 'all' | 'strip'
  readonly held: 'all' | 'count'
  readonly output: number
  /** How many lines of what happened, below the claim that does not hold. */
  readonly story: number
}

const detail = (name: string, text: string | undefined, width: number) =>
  text === undefined ? [] : paragraph(text, width, one => one, `     ${`${name}:`.padEnd(10)}`, chalk.dim)

/** What happened of what a claim is about. */
function storyLines({ story }: LabReport, claim: ClaimReport, most: number, width: number): string[] {
  const lines = story && most > 0 ? concerning(story, claim).slice(-most) : []
  return lines.length === 0 ? [] : [chalk.dim('     what happened:'), ...layLines(lines, width, '     ')]
}

function failedLines(report: LabReport, claim: ClaimReport, most: number, width: number): string[] {
  return [
    ...paragraph(claim.title, width, chalk.bold, ' ✘ ', chalk.red),
    ...detail('expected', claim.expected, width),
    ...detail('seen', claim.seen, width),
    ...detail('cause', claim.cause, width),
    ...storyLines(report, claim, most, width),
    ...detail('read', claim.read, width),
  ]
}

const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`

function unjudgedLines({ title, remedy }: ClaimReport, width: number): string[] {
  const lines = paragraph(`cannot be judged here: ${title}`, width, one => one, ' ? ', chalk.yellow)
  return [...lines, ...detail('remedy', remedy, width)]
}

/** The lines for all of them. */
export function claimLines(report: LabReport, { held, story }: Detail, width: number): string[] {
  const { claims, missing, remedy } = report
  if (claims.length === 0)
    return [
      ...paragraph(`cannot be judged here: ${missing}`, width, one => one, ' ? ', chalk.yellow),
      ...detail('remedy', remedy, width),
    ]
  const failed = claims.findIndex(({ verdict }) => verdict === 'does not hold')
  const shown = failed < 0 ? claims : claims.slice(0, failed)
  const good = shown.filter(({ verdict }) => verdict === 'holds')
  const open = shown.filter(({ verdict }) => verdict === 'cannot be judged')
  const later = failed < 0 ? 0 : claims.length - failed - 1
  const holding =
    held === 'all'
      ? good.flatMap(({ title }) => paragraph(title, width, one => one, ' ✔ ', chalk.green))
      : good.length === 0
        ? []
        : [` ${chalk.green('✔')} ${count(good.length, 'claim holds', 'claims hold')}`]
  const hang = hangOf(report)
  return [
    ...(hang === undefined ? [] : paragraph(`The program did not end: ${hang}.`, width, chalk.yellow, ' ')),
    ...holding,
    ...(failed < 0 ? open.flatMap(claim => unjudgedLines(claim, width)) : []),
    ...(failed >= 0 && open.length > 0
      ? [` ${chalk.yellow('?')} ${count(open.length, 'claim', 'claims')} could not be judged`]
      : []),
    ...(failed < 0 ? [] : failedLines(report, claims[failed] as ClaimReport, story, width)),
    ...(later > 0 ? [chalk.dim(` · ${count(later, 'claim comes', 'claims come')} after it`)] : []),
  ]
}
