/**
 * `npm run clean`: removes what interrupted labs, checks and compilations left, and nothing else.
 */
import { EXIT } from '../../lib/errors.ts'
import { flag, helpLines, parseKnobs } from '../../lib/lab/knobs.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { type Leftover, leftovers } from './leftovers.ts'

const KNOBS = { 'dry-run': flag('lists, and removes nothing') }

const HELP = [
  'Usage: sudo npm run clean     removes what interrupted labs, checks and compilations left',
  '',
  'It knows them by their names, which carry their owner, and leaves everything whose owner may live.',
  '',
  'Options:',
]

/** Removes one thing. @returns the line to print, and whether root is needed for it */
function dispose({ what, remove }: Leftover, isDry: boolean): { line: string; denied?: boolean; failed?: boolean } {
  if (isDry) return { line: `would remove ${what}` }
  try {
    remove()
    return { line: `removed ${what}` }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (['EACCES', 'EPERM', 'EROFS'].includes(code ?? '')) return { line: `needs root: ${what}`, denied: true }
    return { line: `could not remove ${what}: ${message}`, failed: true }
  }
}

function main(): void {
  const { values, help } = parseKnobs(KNOBS, process.argv.slice(2), 'none')
  if (help) {
    console.log([...HELP, ...helpLines(KNOBS)].join('\n'))
    return
  }
  const { found, unknown } = leftovers()
  const results = found.map(leftover => dispose(leftover, values['dry-run']))
  // As root nothing is reported as unsure: root sees the owners in other PID namespaces, or is in a container itself,
  // where the groups of other namespaces are none of its business.
  const unsure = process.geteuid?.() === 0 ? [] : unknown
  const lines = [...results.map(({ line }) => line), ...unsure.map(what => `needs root to know its owner: ${what}`)]
  for (const line of lines) console.log(line)
  if (lines.length === 0) console.log('nothing to clean')
  if (unsure.length > 0 || results.some(({ denied }) => denied)) {
    console.log('hint: sudo npm run clean')
    process.exitCode = EXIT.CANNOT
  }
  if (results.some(({ failed }) => failed)) process.exitCode = EXIT.FAULT
}

await runTool(main)
