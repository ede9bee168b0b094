/**
 * The second half of `labs/run`: finds the lab that a reader names, and starts it through lib/engine/start.mjs, as all
 * commands are started.
 */
import { readdirSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { slugOf, unknownLab } from './lab-names.mjs'

/** EXIT.USAGE of lib/errors.ts. */
const USAGE = 2
const HELP = `Usage: [sudo] labs/run LAB [options]     starts a lab: labs/run 3, sudo labs/run newnet --pace 1
       labs/run LAB --help               lists the lab's options
`

const root = dirname(dirname(import.meta.dirname))
const slugs = readdirSync(join(root, 'labs'))
  .flatMap(name => /^(\d+-.+)\.ts$/.exec(name)?.[1] ?? [])
  .sort()

function refuse(text) {
  writeSync(2, `${text}\n`)
  process.exit(USAGE)
}

const [name] = process.argv.slice(2)
if (name === '--help' || name === '-h') {
  writeSync(1, HELP)
  process.exit(0)
}
if (name === undefined) refuse(`which lab?\n${unknownLab('', slugs).split('\n')[1]}`)
const slug = slugOf(name, slugs) ?? refuse(unknownLab(name, slugs))
// start.mjs removes its own name from process.argv and takes the next word for the program.
process.argv.splice(1, 2, join(root, 'lib', 'engine', 'start.mjs'), join(root, 'labs', `${slug}.ts`))
await import('../engine/start.mjs')
