/**
 * Installing the system's packages that the labs lack, with this machine's package manager. JavaScript on Node alone,
 * because nothing else is there yet.
 */
import { spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline/promises'
import { becomeRoot, distribution, installCommands, installHint } from '../../lib/machine/packages.mjs'
import { toolFaults } from './observe/programs.mjs'

const [FAILS, CANNOT] = [1, 77]

/** The tools to install: QEMU only on request, for the virtual machine. */
const lacking = withVm => Object.entries(toolFaults()).filter(([tool]) => tool !== 'qemu' || withVm)

async function isAgreed() {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  // Ctrl-D and Ctrl-C are a no.
  const ended = new Promise(resolve => terminal.once('close', () => resolve('')))
  const answer = await Promise.race([terminal.question('Run it? [y/N] ').catch(() => ''), ended])
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** Runs the commands, and says what is still missing afterwards. */
function install(commands, withVm, next) {
  for (const [program, ...words] of commands) {
    const { status, error } = spawnSync(program, words, { stdio: 'inherit' })
    if (status === 0) continue
    console.error(`${program} ${words.join(' ')}: ${error?.message ?? `exit code ${status}`}`)
    return FAILS
  }
  const left = lacking(withVm)
  for (const [tool, { seen }] of left) console.error(`${tool} is still missing: ${seen}`)
  if (left.length > 0) return FAILS
  console.log(`\nnothing is missing any more${next ? `\nnext: ${next}` : ''}`)
  return 0
}

/**
 * Installs what is missing, after asking for it.
 * @param again the command that asked, for hints
 * @param next what to type when nothing is missing; without it nothing is printed then
 * @returns the exit code
 */
export async function installMissing({ yes, vm, again, next }) {
  const missing = lacking(vm)
  if (missing.length === 0) {
    if (next) console.log(`nothing is missing, and nothing was done\nnext: ${next}`)
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
  if (yes) return install(commands, vm, next)
  if (!process.stdin.isTTY) {
    console.error(`nothing was done: there is no terminal to ask on\nhint: ${again} -- --yes`)
    return CANNOT
  }
  if (await isAgreed()) return install(commands, vm, next)
  console.log('nothing was done')
  return CANNOT
}
