/**
 * `npm run reset lab3`: writes the reader's copy of a lab anew, and keeps the one that was there.
 */
import { existsSync } from 'node:fs'
import { UsageError } from '../../lib/errors.ts'
import { helpLines, parseKnobs } from '../../lib/knobs.ts'
import { fail } from '../../lib/lab.ts'
import { findLab } from '../../lib/manifest.ts'
import { copyOf, setAside, shown, writeCopy } from './mine.ts'

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
  const [name, ...more] = words
  if (name === undefined) throw new UsageError('which lab? npm run reset lab3')
  if (more.length > 0) throw new UsageError(`too many words: ${more.join(' ')}\nhint: one lab at a time`)
  const lab = findLab(name)
  const path = copyOf(lab)
  if (existsSync(path)) console.log(`${shown(path)} is kept as ${shown(setAside(path))}`)
  writeCopy(lab)
  console.log(`${shown(path)} is new, with all its tasks open`)
}

try {
  main()
} catch (error) {
  fail(error)
}
