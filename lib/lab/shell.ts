/**
 * Shell commands in a lab: zx, with the one shell that every machine has. zx itself looks for bash, and where there is
 * none it does not know how to quote.
 */
import { spawn } from 'node:child_process'
import { $ as zx } from 'zx/core'
import { announce } from '../machine/announce.ts'
import { rememberCommand } from './commands.ts'

zx.shell = '/bin/sh'
zx.prefix = 'set -eu;'
zx.postfix = ''
// A word that needs no quotes stays as it was typed: a command that fails is shown.
zx.quote = word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
// What a command says about its failure is a part of the error, and need not be printed twice.
zx.quiet = true

// It starts a command before it returns, while the line that asks for it is still above it on the stack.
zx.spawn = ((...call: Parameters<typeof spawn>) => {
  announce('clone')
  return spawn(...call)
}) as typeof spawn

/**
 * Runs a command of a shell, `` await $`ip link set ${veth} up` ``: each value becomes one word.
 * @throws ProcessOutput where it fails: printed with the command, its exit code, what it said, and its line
 * @see ip(8)
 */
export const $: typeof zx = new Proxy(zx, {
  apply(target, self, words) {
    const running: unknown = Reflect.apply(target, self, words)
    if (running instanceof Promise && 'cmd' in running && 'output' in running)
      rememberCommand(running as unknown as Parameters<typeof rememberCommand>[0], new Error().stack ?? '')
    return running
  },
})
