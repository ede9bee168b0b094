/**
 * `npm run setup`: installs the system's packages that the labs lack, with this machine's package manager. JavaScript on
 * Node alone, because it is the first thing somebody types who has nothing yet.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { becomeRoot, distribution, installCommands, installHint } from '../../lib/machine/packages.mjs'
import { ROOT, toolFaults } from './observe/programs.mjs'

const [FAILS, USAGE, CANNOT] = [1, 2, 77]
const KNOWN = ['--yes', '--vm', '--help', '-h']
const HELP = `Usage: npm run setup               installs what the labs lack, after printing the command and asking
       npm run setup -- --yes      without asking, for scripts
       npm run setup -- --vm       also QEMU, for npm run vm

It installs packages and changes no setting: what else a machine lacks, npm run doctor says.`

/** The tools to install: QEMU only for whoever wants the virtual machine. */
const lacking = withVm => Object.entries(toolFaults()).filter(([tool]) => tool !== 'qemu' || withVm)

const next = () => (existsSync(join(ROOT, 'node_modules', 'tsx')) ? 'npm run doctor' : 'npm ci')

async function isAgreed() {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  // Ctrl-D and Ctrl-C are a no.
  const ended = new Promise(resolve => terminal.once('close', () => resolve('')))
  const answer = await Promise.race([terminal.question('Run it? [y/N] ').catch(() => ''), ended])
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** Runs the commands, and says what is still missing afterwards. */
function install(commands, withVm) {
  for (const [program, ...words] of commands) {
    const { status, error } = spawnSync(program, words, { stdio: 'inherit' })
    if (status === 0) continue
    console.error(`${program} ${words.join(' ')}: ${error?.message ?? `exit code ${status}`}`)
    return FAILS
  }
  const left = lacking(withVm)
  for (const [tool, { seen }] of left) console.error(`${tool} is still missing: ${seen}`)
  if (left.length > 0) return FAILS
  console.log(`\nnothing is missing any more\nnext: ${next()}`)
  return 0
}

async function setup({ yes, vm }) {
  const missing = lacking(vm)
  if (missing.length === 0) {
    console.log(`nothing is missing, and nothing was done\nnext: ${next()}`)
    return 0
  }
  const tools = missing.map(([tool]) => tool)
  for (const [tool, { seen, cause }] of missing) console.log(`${tool}: ${seen} (${cause})`)
  const { name, family } = distribution()
  const rights = becomeRoot()
  const commands = installCommands(tools, family, rights ?? [])
  if (commands.length === 0) {
    console.error(`\n${name} is none of the distributions whose packages are known here\nhint: ${installHint(tools)}`)
    return CANNOT
  }
  console.log(`\n${commands.map(words => `  ${words.join(' ')}`).join('\n')}\n`)
  if (!rights) {
    console.error('this takes root, and there is neither sudo nor doas\nhint: have root run the command above')
    return CANNOT
  }
  if (yes) return install(commands, vm)
  if (!process.stdin.isTTY) {
    console.error('nothing was done: there is no terminal to ask on\nhint: npm run setup -- --yes')
    return CANNOT
  }
  if (await isAgreed()) return install(commands, vm)
  console.log('nothing was done')
  return CANNOT
}

const words = process.argv.slice(2)
const unknown = words.find(word => !KNOWN.includes(word))
if (unknown !== undefined) {
  console.error(`unknown option ${unknown}\nhint: --help lists the options`)
  process.exitCode = USAGE
} else if (words.includes('--help') || words.includes('-h')) console.log(HELP)
else process.exitCode = await setup({ yes: words.includes('--yes'), vm: words.includes('--vm') })
