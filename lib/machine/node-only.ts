/**
 * Says in one sentence that a program has been started where nothing can be cloned: by another engine, with a loader
 * that brings an engine of its own, or without /proc. Imported before koffi, which another engine may not survive.
 */
import { existsSync } from 'node:fs'

const { versions, execArgv, argv } = process

// As EXIT in errors.ts, which imports this file.
const [WRONG_USE, CANNOT] = [2, 77]

/** The name of the property that ts-node adds to `process`: its `REGISTER_INSTANCE`. */
const TS_NODE = Symbol.for('ts-node.register.instance')

/** What this program runs on, and why that cannot clone; `undefined` where it can. */
function obstacle(): string | undefined {
  for (const [name, title] of [
    ['bun', 'Bun'],
    ['deno', 'Deno'],
  ] as const) {
    if (versions[name]) return `this is ${title}, and clone() copies a process that runs V8 as Node does`
  }
  if (TS_NODE in process || execArgv.some(word => /(^|[/\\])ts-node([/\\]|$)/.test(word)))
    return 'this is ts-node, whose compiler stays in the process, and clone() needs one that is at rest'
  return undefined
}

/**
 * Prints the reason and ends the process. This runs while the module is imported, where no caller could catch an error.
 */
function refuse(reason: string, hint: string, code: number): never {
  console.error(`${reason}\nhint: ${hint}`)
  return process.exit(code)
}

const reason = obstacle()
if (reason) refuse(reason, `npx tsx ${argv[1] ?? 'FILE'}`, WRONG_USE)
if (process.platform === 'linux' && !existsSync('/proc/self'))
  refuse(
    'there is no /proc here, and clone() looks there for the threads of this process',
    'mount -t proc proc /proc',
    CANNOT,
  )
