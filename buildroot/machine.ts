/**
 * The machine's own shell and tools, each with the libraries it is linked with.
 */
import { realpathSync } from 'node:fs'
import { CannotRun } from '../lib/errors.ts'
import { isOurs, readElf } from '../lib/machine/elf.ts'
import { findProgram } from '../lib/machine/find-program.ts'
import { type Contents, REQUIRED } from './contents.ts'
import { lastWords, run } from './run.ts'

const TOOLS = [
  ...REQUIRED,
  ...['[', 'awk', 'basename', 'cat', 'chmod', 'chown', 'clear', 'cp', 'cut', 'date', 'dd', 'df', 'dirname', 'dmesg'],
  ...['du', 'echo', 'env', 'expr', 'false', 'find', 'free', 'grep', 'head', 'id', 'ipcs', 'kill', 'less', 'ln', 'ls'],
  ...['mkdir', 'mknod', 'mktemp', 'more', 'mv', 'nproc', 'od', 'pidof', 'printf', 'pwd', 'readlink', 'realpath', 'rm'],
  ...['rmdir', 'route', 'sed', 'seq', 'sleep', 'sort', 'stat', 'stty', 'sync', 'tail', 'tee', 'test', 'timeout', 'top'],
  ...['touch', 'tr', 'true', 'tty', 'umount', 'uname', 'uniq', 'unshare', 'uptime', 'vi', 'wc', 'whoami', 'xargs'],
]

/** The libraries of a program, as absolute paths, its loader among them. */
async function libraries(program: string): Promise<string[]> {
  if (readElf(program)?.interpreter === undefined) return []
  const outcome = await run(['ldd', program])
  if (outcome.code !== 0) throw new CannotRun(`ldd ${program}: ${lastWords(outcome)}`)
  const [lost] = /^.* => not found$/m.exec(outcome.stdout) ?? []
  if (lost) throw new CannotRun(`ldd ${program}: ${lost.trim()}`)
  return [...outcome.stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path as string)
}

/** A tool as the machine has it; a script, which needs more than libraries, does not count. */
function findTool(name: string): string | undefined {
  const found = findProgram(name)
  const program = found && realpathSync(found)
  const elf = program ? readElf(program) : undefined
  return elf && isOurs(elf) ? program : undefined
}

/**
 * The contents made from the machine's own programs.
 * @throws CannotRun without a shell, without ldd, or where a library is lost
 */
export async function machineContents(): Promise<Contents> {
  if (!findTool('sh')) throw new CannotRun('PATH has no sh that is an ELF program')
  if (!findProgram('ldd')) throw new CannotRun('PATH has no ldd, which knows the libraries of a program')
  const files = new Map<string, string>()
  const links = new Map<string, string>()
  const names = new Map<string, string>()
  for (const name of TOOLS) {
    const program = findTool(name)
    const copied = program && names.get(program)
    // The same program under another name, such as a busybox that is not static.
    if (copied) links.set(`bin/${name}`, copied)
    else if (program) {
      names.set(program, name)
      files.set(`bin/${name}`, program)
      for (const library of await libraries(program)) files.set(library.slice(1), realpathSync(library))
    }
  }
  const missing = REQUIRED.filter(name => !files.has(`bin/${name}`) && !links.has(`bin/${name}`))
  return { from: "this machine's own programs and libraries", files, links, missing }
}
