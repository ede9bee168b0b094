/**
 * The commands that a program has run through a shell, each with where: an error of zx names neither.
 */

/** A command that runs, or has run: zx keeps its output, which is what it throws, with it. */
interface Running {
  readonly cmd: string
  readonly output: unknown
}

/** How many are remembered: an error is thrown soon after its command was started. */
const MOST = 100
const started: { readonly running: Running; readonly stack: string }[] = []

/** Remembers a command. @param stack of whoever has started it */
export function rememberCommand(running: Running, stack: string): void {
  if (started.push({ running, stack }) > MOST) started.shift()
}

/** The command that an error is about, as it was typed, and the stack of whoever started it. */
export function commandOf(error: Error): { readonly command?: string; readonly stack?: string } {
  const found = started.find(({ running }) => running.output === error)
  return found ? { command: found.running.cmd, stack: found.stack } : {}
}
