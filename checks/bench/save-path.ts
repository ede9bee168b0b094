/**
 * From a save to the verdict, as `npm run learn` works: a copy of each lab is saved again and again, and the workbench
 * that watches it says when it has been judged. Its last line of output is the result as JSON.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { bundlePath } from '../../lib/engine/bundle-cache.mjs'
import { LABS, type Lab } from '../../lib/lab/manifest.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { draftPrefix } from '../../lib/tidy/drafts.ts'
import { median } from './measure.ts'

/** One lab, in seconds: the medians of all rounds. */
export interface SavePath {
  readonly number: number
  /** From the save to the verdict. */
  readonly whole: number
  /** Of that, while neither the program nor the judge computed: what the lab waits for. */
  readonly waiting: number
}

const ROUNDS = 3
/** Seconds that a program may take. */
const TIMEOUT = 20

const folder = mkdtempSync(draftPrefix(join(ROOT, '.mine.')))
process.env['WORKBOOK_MINE'] = basename(folder)
// These modules read the variable when they are loaded.
const { Workbench } = await import('../learn/workbench.ts')
const { copyOf } = await import('../learn/mine/mine.ts')

async function measure(lab: Lab): Promise<SavePath> {
  const path = copyOf(lab)
  const own = readFileSync(join(ROOT, 'labs', `${lab.slug}.ts`), 'utf8')
  let tell = () => {}
  const bench = new Workbench(lab, TIMEOUT, { changed: () => {}, judged: () => tell() })
  const times: { whole: number; waiting: number }[] = []
  // The first is the file as it is found: nobody has saved it.
  for (let round = 0; round <= ROUNDS; round++) {
    const judged = new Promise<void>(resolve => (tell = resolve))
    const from = performance.now()
    writeFileSync(path, `${own}// ${round}\n`)
    if (round === 0) bench.open()
    await judged
    const whole = (performance.now() - from) / 1000
    if (round > 0) times.push({ whole, waiting: bench.report?.time?.waiting ?? 0 })
  }
  await bench.close()
  rmSync(bundlePath(path), { force: true })
  const of = (what: 'whole' | 'waiting') => median(times.map(one => one[what]))
  return { number: lab.number, whole: of('whole'), waiting: of('waiting') }
}

try {
  const results: SavePath[] = []
  for (const lab of LABS) results.push(await measure(lab))
  console.log(JSON.stringify(results))
} finally {
  rmSync(folder, { recursive: true })
}
process.exit()
