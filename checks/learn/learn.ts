/**
 * `npm run learn [lab]`: the reader's own file, checked whenever it is saved.
 */
import { prepareLives } from '../../lib/engine/life.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'
import { flag, helpLines, parseKnobs } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { findLab, LABS } from '../../lib/lab/manifest.ts'
import { tryLock } from '../../lib/tidy/flock.ts'
import { becomeJudge } from '../judge/become.ts'
import { timeHere } from '../judge/time-limit.ts'
import { labToGoOn } from './course.ts'
import { bringInStep, copyOf, ensureMine, MINE, shown } from './mine/mine.ts'
import { readProgress } from './mine/progress.ts'
import { once } from './once.ts'
import { tableLines } from './pages/list.ts'
import { review } from './review.ts'
import { sit } from './sitting.ts'

/** The part of a program's usual time limit that a program gets here, because a reader waits at the screen. */
const PATIENCE = 0.6

const KNOBS = {
  once: flag('checks once and prints what it found; needs no terminal'),
  list: flag('prints the table of all labs'),
  review: flag('asks one old prediction, of those that were wrong first'),
}

const HELP = [
  'Usage: npm run learn                  goes on where you were',
  '       npm run learn lab3             goes to a lab',
  '       npm run learn -- --once        checks once, also without a terminal',
  '       npm run learn -- --list        prints what is done',
  '       npm run learn -- --review      asks one thing that you once predicted wrong',
  '',
  'It writes your copy of a lab (mine/03-newnet.ts), with tasks in it, and checks it whenever you save.',
  '',
  'Options:',
]

function readCommandLine() {
  const { values, help, words } = parseKnobs(KNOBS, process.argv.slice(2), 'any')
  if (help) {
    console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
    process.exit(EXIT.HOLDS)
  }
  const [name, ...more] = words
  if (more.length > 0) throw new UsageError(`too many words: ${more.join(' ')}\nhint: one lab at a time`)
  if (Number(values.once) + Number(values.list) + Number(values.review) > 1)
    throw new UsageError('--once, --list and --review are different things: choose one')
  return { ...values, lab: name === undefined ? undefined : findLab(name) }
}

/** @throws UsageError if another npm run learn is at work in this folder */
function lockMine(): void {
  ensureMine()
  const { isLocked, holder } = tryLock(MINE)
  if (isLocked) return
  const who = holder === undefined ? '' : ` (process ${holder})`
  throw new UsageError(
    `another npm run learn is at work here${who}: two would write one record\nhint: end that one with q, or check once beside it: npm run learn -- --once`,
  )
}

async function main(): Promise<void> {
  const { once: isOnce, list, review: isReview, lab: named } = readCommandLine()
  if (isReview) {
    await review()
    return
  }
  if (list) {
    const { progress, warning } = readProgress()
    console.log(tableLines(progress).join('\n'))
    if (warning !== undefined) console.error(warning)
    return
  }
  if (!isOnce && !(process.stdin.isTTY && process.stdout.isTTY))
    throw new UsageError('this needs a terminal\nhint: npm run learn -- --once checks once without one')
  const timeout = Math.round(timeHere() * PATIENCE)
  for (const path of LABS.map(copyOf).filter(bringInStep))
    console.log(`${shown(path)}: its imports name the files of lib/ as they are called now.`)
  await becomeJudge('the check', ['npm run learn', ...process.argv.slice(2)].join(' '), line => console.log(line))
  if (!isOnce) lockMine()
  const read = readProgress()
  const lab = named ?? labToGoOn(read.progress)
  if (isOnce) process.exitCode = await once(lab, read, timeout)
  else await sit(lab, read, timeout)
}

// The output may be closed (`| head`, a closed terminal): then the program ends, and that is no error.
prepareLives()
process.stdout.removeAllListeners('error').on('error', () => {})

await runTool(main)
