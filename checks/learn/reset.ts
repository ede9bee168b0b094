/**
 * `npm run reset lab3`: writes a fresh copy of a lab for the reader, and keeps the one that was there.
 */
import { existsSync } from 'node:fs'
import { helpLines, parseKnobs } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { copyOf, oneLab, setAside, shown, writeCopy } from './mine/mine.ts'

const HELP = [
  'Usage: npm run reset lab3     writes mine/03-newnet.ts anew, with all its tasks open',
  '',
  'What was there is kept beside it, as mine/03-newnet.1.ts. The record of what you have done stays.',
  '',
  'Options:',
]

function main(): void {
  const { help, words } = parseKnobs({}, process.argv.slice(2), 'any')
  if (help) {
    console.log([...HELP, ...helpLines({})].join('\n'))
    return
  }
  const lab = oneLab(words, 'npm run reset lab3')
  const path = copyOf(lab)
  if (existsSync(path)) console.log(`${shown(path)} is kept as ${shown(setAside(path))}`)
  writeCopy(lab)
  console.log(`${shown(path)} is new, with all its tasks open`)
}

await runTool(main)
