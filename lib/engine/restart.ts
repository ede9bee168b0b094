/**
 * Replaces this Node, once, at start, with one that can be cloned: same PID, arguments, terminal and signals, but
 * V8 on a single thread. native/README.md says why.
 */
import { isMainThread } from 'node:worker_threads'
import { EXIT } from '../errors.ts'
import { execve } from '../exec.ts'
import { bundleSync, cachedBundle } from './bundle.ts'
import { CLONEABLE_FLAGS, isCloneable } from './cloneable.ts'
import { ensureKernel } from './kernel-version.ts'
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

const entry = process.argv[1]

/** Before anything else is tried. Nobody could catch an error yet. */
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
  execve(process.execPath, [process.argv0, ...CLONEABLE_FLAGS, ...program, ...process.argv.slice(2)])
}
// #endregion replace

if (isCloneable()) {
  reportSignalsToTsx()
  tidyAfterTsx()
}
