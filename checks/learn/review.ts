/**
 * `npm run learn -- --review`: one old prediction, asked again.
 */
import { createInterface } from 'node:readline/promises'
import { LABS } from '../../lib/lab/manifest.ts'
import { checkedLab } from '../labs/all.ts'
import { type Question, wordsFor } from '../labs/question.ts'
import { type Prediction, type Progress, readProgress, recordPredictions } from './mine/progress.ts'

/** One thing to ask. */
interface Old {
  readonly slug: string
  readonly question: Question
  readonly prediction: Prediction
}

/** What was predicted and seen, in the order in which it is asked: what was wrong, then skipped, then right. */
export function toReview({ labs }: Progress): Old[] {
  const all = LABS.flatMap(({ slug }) =>
    (labs[slug]?.predictions ?? []).flatMap(prediction => {
      const question = checkedLab(slug).questions.find(({ name }) => name === prediction.question)
      return question && prediction.kernel !== null ? [{ slug, question, prediction }] : []
    }),
  )
  return all.sort((one, other) => rank(one) - rank(other))
}

const rank = ({ prediction: { answer, isRight } }: Old) => (isRight ? 2 : answer === null ? 1 : 0)

/** Of those that come first one a day, so that it is not always the same. */
function oneOf(all: readonly Old[], now = Date.now()): Old | undefined {
  const [first] = all
  const same = all.filter(one => first && rank(one) === rank(first))
  return same[Math.floor(now / 86_400_000) % Math.max(1, same.length)]
}

/** The answer to a question as it is recorded; `undefined` for what is none. */
export function answerFrom(question: Question, typed: string): string | undefined {
  const number = /^\d+$/.test(typed.trim()) ? Number(typed) : undefined
  if (number === undefined) return undefined
  if (!question.choices) return String(number)
  return number >= 1 && number <= question.choices.length ? wordsFor(question, number - 1) : undefined
}

/** Asks one, and records whether it is right now. */
export async function review(): Promise<void> {
  const old = oneOf(toReview(readProgress().progress))
  if (!old) {
    console.log('There is nothing to ask again yet: npm run learn asks before each lab what you expect.')
    return
  }
  const { slug, question, prediction } = old
  const choices = question.choices?.map((choice, i) => `  ${i + 1}  ${choice}`) ?? []
  console.log([`Lab ${Number.parseInt(slug, 10)}. ${question.text}`, ...choices].join('\n'))
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  const typed = await lines.question(question.choices ? `1-${question.choices.length}: ` : 'a number: ').catch(() => '')
  lines.close()
  const answer = answerFrom(question, typed)
  if (answer === undefined) {
    console.log('That was no answer: it will be asked again.')
    return
  }
  const isRight = answer === prediction.kernel
  console.log(`${isRight ? '✔ right' : '✘ not so'}: the kernel: ${prediction.kernel}. ${question.why}`)
  const { predictions = [] } = readProgress().progress.labs[slug] ?? {}
  recordPredictions(
    slug,
    predictions.map(one => (one.question === question.name ? { ...one, answer, isRight } : one)),
  )
}
