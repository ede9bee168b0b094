/**
 * Shell commands in a lab: zx, with the one shell that every machine has. zx itself looks for bash, and where there is
 * none it does not know how to quote.
 */
import { spawn } from 'node:child_process'
import { $ } from 'zx/core'
import { announce } from '../machine/announce.ts'

$.shell = '/bin/sh'
$.prefix = 'set -eu;'
$.postfix = ''
$.quote = word => `'${word.replaceAll("'", "'\\''")}'`

// It starts a command before it returns, while the line that asks for it is still above it on the stack.
$.spawn = ((...call: Parameters<typeof spawn>) => {
  announce('clone')
  return spawn(...call)
}) as typeof spawn

export { $ }
