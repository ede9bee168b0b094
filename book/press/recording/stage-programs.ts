/**
 * The user on the stage of a recording, the place of the checkout there, and the programs that are found.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { bundleSync, cachedBundle } from '../../../lib/engine/bundle.ts'
import { bundlePath } from '../../../lib/engine/bundle-cache.mjs'
import { startWords } from '../../../lib/engine/start-words.ts'
import { LABS } from '../../../lib/lab/manifest.ts'
import { ROOT } from '../../../lib/machine/root.ts'

/** The reader whose machine the stage imitates. */
export const USER = { name: 'ada', id: 1000, home: '/home/ada' } as const
/** Where the checkout lies on it. */
export const CHECKOUT = `${USER.home}/containers-from-clone`
/** Where this Node lies on it when it is not below /usr, where it is found anyway. */
export const OWN_NODE = '/opt/node'

/** What is compiled before any session, because many run it. */
const COMPILED = [...LABS.map(({ slug }) => `labs/${slug}.ts`), 'checks/check.ts', 'lib/engine/bundle-main.ts']

/** The bundles of what many sessions run, by their names on the stage, where the checkout has another path. */
export function stageBundles(): ReadonlyMap<string, string> {
  return new Map(
    COMPILED.flatMap(entry => {
      const file = cachedBundle(join(ROOT, entry)) ?? bundleSync(join(ROOT, entry))
      const name = basename(bundlePath(join(CHECKOUT, entry)))
      return file ? [[name, readFileSync(file, 'utf8').replaceAll(ROOT, CHECKOUT)] as const] : []
    }),
  )
}

/**
 * Puts a quick script in the place of npx, which takes longer to find a program in node_modules/.bin than many a lab
 * runs. A lab is started at once as the process to which tsx and the replacement of its Node would lead: the tests of
 * lib/engine hold that they do. A program that is not there is left to npx itself.
 * @param bin a folder that comes first in the PATH
 */
export function shortenNpx(bin: string): void {
  const own = `${CHECKOUT}/node_modules/.bin`
  const [npx] = stagePath()
  const start = ['node', ...startWords()].join(' ')
  const lines = [
    '#!/bin/sh',
    `case "$1 $2" in "tsx labs/"*) [ -f "$2" ] && shift && exec ${start} "$@";; esac`,
    `case $1 in -*) ;; *) [ -x ${own}/"$1" ] && PATH=${own}:$PATH exec "$@";; esac`,
    `exec ${npx}/npx "$@"`,
  ]
  writeFileSync(join(bin, 'npx'), `${lines.join('\n')}\n`, { mode: 0o755 })
}

/** Where programs are looked for, this Node's own first. */
function stagePath(): string[] {
  const own = process.execPath.startsWith('/usr/') ? dirname(process.execPath) : join(OWN_NODE, 'bin')
  return [own, '/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
}

/** The environment of the shell on the stage. */
export function stageEnvironment(): Record<string, string> {
  return {
    PATH: ['/run/stage/bin', ...stagePath()].join(':'),
    HOME: USER.home,
    USER: USER.name,
    LC_ALL: 'C.UTF-8',
    TERM: 'xterm',
    NO_COLOR: '1',
    // npm must not ask for a newer version, nor draw a progress bar that is erased again.
    npm_config_update_notifier: 'false',
    npm_config_progress: 'false',
  }
}
