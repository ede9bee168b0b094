/**
 * Ten thousand clones in a row, and what the parent holds afterwards.
 */
import { note } from '../../lib/lab/say.ts'
import { milliseconds, type Row, report } from './measure.ts'
import type { SoakResult } from './soak.ts'
import { runProgram } from './workshop.ts'

/** One thing the parent holds at the end, and how much more of it than when everything was warm. */
function holdingRow(name: string, early: number, late: number, unit: string): Row {
  const grown = `${late >= early ? '+' : ''}${late - early}${unit}`
  return { name, value: `${late}${unit}`, comparison: `${grown} since the first tenth` }
}

/**
 * Clones that many children in a row and prints how it went.
 * @param node the Node it runs on, instead of this one
 * @returns whether every child did
 */
export async function endure(clones: number, node?: string): Promise<boolean> {
  const result = await runProgram<SoakResult>('soak.ts', [String(clones)], node)
  const { failures, early, late, seconds, examples } = result
  const work = result.forced ? 'each child fills its heap and collects it all' : 'each child fills its heap'
  report(`${clones} clones in a row on Node ${result.node}; ${work}`, [
    { name: 'failures', value: String(failures), target: { text: 'none', met: failures === 0 } },
    {
      name: 'time',
      value: `${seconds.toFixed(1)} s`,
      comparison: `${milliseconds((seconds * 1000) / clones)} a clone`,
    },
    holdingRow('resident memory of the parent', early.resident, late.resident, ' KiB'),
    holdingRow('of that its own, no file', early.own, late.own, ' KiB'),
    holdingRow('open descriptors of the parent', early.descriptors, late.descriptors, ''),
  ])
  for (const example of examples) note(example)
  return failures === 0
}
