/**
 * `npm run setup`: installs the system's packages that the labs lack, with this machine's package manager. JavaScript on
 * Node alone, because it is the first command on a machine where nothing is installed yet.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installMissing } from './install.mjs'
import { ROOT } from './observe/programs.mjs'

const USAGE = 2
const KNOWN = ['--yes', '--vm', '--help', '-h']
const HELP = `Usage: npm run setup               installs what the labs lack, after printing the command and asking
       npm run setup -- --yes      without asking, for scripts
       npm run setup -- --vm       also QEMU, for npm run vm

It installs packages and changes no setting: what else a machine lacks, npm run doctor says.`

const next = () => (existsSync(join(ROOT, 'node_modules', 'tsx')) ? 'npm run doctor' : 'npm ci')

const words = process.argv.slice(2)
const unknown = words.find(word => !KNOWN.includes(word))
if (unknown !== undefined) {
  console.error(`unknown option ${unknown}\nhint: --help lists the options`)
  process.exitCode = USAGE
} else if (words.includes('--help') || words.includes('-h')) console.log(HELP)
else {
  const wishes = { yes: words.includes('--yes'), vm: words.includes('--vm') }
  process.exitCode = await installMissing({ ...wishes, again: 'npm run setup', next: next() })
}
