/**
 * `npm run exercise lab3`: writes the reader's copy of a lab, with tasks in it.
 */
import { readFileSync } from 'node:fs'
import { helpLines, parseKnobs } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { checkedLab } from '../labs/all.ts'
import { openPlaces } from '../report/name-task.ts'
import { copyOf, oneLab, shown, writeCopy } from './mine/mine.ts'

const HELP = [
  'Usage: npm run exercise lab3     writes mine/03-newnet.ts: lab 3 with tasks in place of its parts',
  '',
  'It never writes over what is there. npm run reset lab3 writes it anew, and keeps the old one.',
  '',
  'Options:',
]

function main(): void {
  const { help, words } = parseKnobs({}, process.argv.slice(2), 'any')
  if (help) {
    console.log([...HELP, ...helpLines({})].join('\n'))
    return
  }
  const lab = oneLab(words, 'npm run exercise lab3')
  const path = copyOf(lab)
  const count = checkedLab(lab.slug).exercises.length
  if (writeCopy(lab)) console.log(`${shown(path)}: lab ${lab.number} with ${count} tasks in it.`)
  else {
    const open = openPlaces(lab.slug, readFileSync(path, 'utf8')).length
    console.log(`${shown(path)} is there already and stays as it is; of its ${count} tasks ${open} are open.`)
  }
  console.log(`next: open it in your editor, and npm run learn lab${lab.number}, which checks it whenever you save`)
}

await runTool(main)
