/**
 * The settings that a guest gets before it starts the command, as a shell script, because the guest has only a shell.
 */
import { existsSync } from 'node:fs'
import type { WindowSize } from '../../lib/lab/terminal.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { type Arch, OWN_ARCH } from './architecture.ts'
import type { Wish } from './command-line.ts'
import type { Kernel } from './kernel.ts'

/** How the command meets the outside: at a terminal, or with streams of which one may be read. */
export interface Meeting {
  /** The window of our terminal, if the command gets one. */
  readonly window: WindowSize | undefined
  readonly hasInput: boolean
}

/** A word as a shell takes it. */
export const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** Variables that are passed on as they are; all others are those of the user in the guest. */
const KEPT = /^(PATH|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|LANG|LANGUAGE|LC_\w+|TZ|CI)$/
/** The last has what the machine may lack for the guest's kernel. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/run/vm/bin']

/** PATH in a guest that does not have the machine's programs. */
const OTHER_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

function environment({ user, arch }: Wish): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => KEPT.test(name) && value !== undefined)
  const outside = arch === OWN_ARCH ? (process.env['PATH'] ?? '/usr/bin:/bin') : OTHER_PATH
  const path = [...outside.split(':'), ...SBIN]
  const name = user ? 'user' : 'root'
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    PATH: [...new Set(path)].join(':'),
    HOME: user ? '/home/user' : '/root',
    USER: name,
    LOGNAME: name,
    SHELL: shell(arch),
    PWD: ROOT,
    ...(user ? { XDG_RUNTIME_DIR: '/run/user/1000' } : {}),
  }
}

function shell(arch: Arch): string {
  if (arch !== OWN_ARCH) return '/bin/bash'
  const candidates = [process.env['SHELL'], '/bin/bash', '/bin/sh']
  return candidates.find(path => path && existsSync(path)) as string
}

/** The script: variables for the guest's own scripts and, when it is run with the word `run`, the command. */
export function settingsScript(wish: Wish, kernel: Kernel, { window, hasInput }: Meeting): string {
  const { rows = 24, columns = 80 } = window ?? {}
  const variables = {
    checkout: ROOT,
    release: kernel.release,
    modules: kernel.modules,
    cgroup: wish.cgroup,
    other: wish.arch === OWN_ARCH ? 0 : 1,
    user: wish.user ? 1 : 0,
    terminal: window ? 1 : 0,
    input: hasInput ? 1 : 0,
    rows: rows || 24,
    columns: columns || 80,
  }
  const command = wish.command.length > 0 ? wish.command : [shell(wish.arch)]
  const env = Object.entries(environment(wish)).map(([name, value]) => quote(`${name}=${value}`))
  return [
    ...Object.entries(variables).map(([name, value]) => `${name}=${quote(String(value))}`),
    `[ "\${1:-}" = run ] || return 0`,
    `cd ${quote(ROOT)} || exit 126`,
    `exec /usr/bin/env -i ${[...env, ...command.map(quote)].join(' ')}`,
    '',
  ].join('\n')
}
