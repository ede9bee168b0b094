/**
 * Shell commands in a lab: zx, with the one shell that every machine has. zx itself looks for bash, and where there is
 * none it does not know how to quote.
 */
import { $ } from 'zx/core'

$.shell = '/bin/sh'
$.prefix = 'set -eu;'
$.postfix = ''
$.quote = word => `'${word.replaceAll("'", "'\\''")}'`

export { $ }
