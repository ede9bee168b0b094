/**
 * Replaces this Node, once, at start, with one that can be cloned: same PID, arguments, terminal and signals, but
 * V8 on a single thread. native/README.md says why.
 */
import { describeError, EXIT } from '../errors.ts'
import { execve } from '../exec.ts'
import { ensureKernel } from '../machine/kernel-version.ts'
import { bundleSync, cachedBundle } from './bundle.ts'
import { CLONEABLE_FLAGS, isCloneable, isMainThread } from './cloneable.ts'
import { channelEnvironment, handDownDescriptors } from './inheritance.ts'
import { reportSignalsToTsx, tidyAfterTsx } from './tsx-signals.ts'

/** Whether a module name is tsx or a file of it. */
function isTsx(name: string): boolean {
  return /(^|[/=])tsx(\/|$)/.test(name)
}

/** The flags without tsx: a bundle needs no loader, and on older Nodes tsx brings a thread with a V8 of its own. */
function withoutTsx(flags: readonly string[]): string[] {
  const takesNext = /^(--import|--require|-r|--loader|--experimental-loader)$/
  return flags.filter((flag, i) => {
    if (takesNext.test(flag) && isTsx(flags[i + 1] ?? '')) return false
    return !(isTsx(flag) && (takesNext.test(flags[i - 1] ?? '') || flag.startsWith('--')))
  })
}

/** The program file. With -e and on standard input there is none, and the text cannot be read a second time. */
const entry = (process as { _eval?: unknown })._eval === undefined ? process.argv[1] : undefined

/**
 * The environment for the next Node, with the channel's variables. It ends a program whose channel cannot be passed on.
 */
function nextEnvironment() {
  try {
    return { ...process.env, ...channelEnvironment() }
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`)
    return process.exit(EXIT.USAGE)
  }
}

/** Ends the process on a kernel that is too old. This runs at import, where no caller could catch an error. */
function endOnOldKernel(): void {
  try {
    ensureKernel()
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(EXIT.CANNOT)
  }
}

if (!isCloneable()) endOnOldKernel()

// #region replace
if (isMainThread && !isCloneable() && entry) {
  const own = process.execArgv.filter(flag => !CLONEABLE_FLAGS.includes(flag))
  const compiled = cachedBundle(entry) ?? bundleSync(entry)
  const program = compiled ? ['--enable-source-maps', ...withoutTsx(own), compiled] : [...own, entry]
  const argv = [process.argv0, ...CLONEABLE_FLAGS, ...program, ...process.argv.slice(2)]
  const environment = nextEnvironment()
  handDownDescriptors()
  execve(process.execPath, argv, environment)
}
// #endregion replace

if (isCloneable()) {
  reportSignalsToTsx()
  tidyAfterTsx()
}
