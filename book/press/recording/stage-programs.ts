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
const COMPILED = [
  ...LABS.map(({ slug }) => `labs/${slug}.ts`),
  ...['checks/check.ts', 'buildroot/rootfs.ts', 'lib/engine/bundle-main.ts'],
]

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
 * What npm runs by each name. Read before a session is on its stage, which has a /tmp of its own: the checkout may lie in
 * that of the machine.
 */
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** As tsx does, it stays the parent of a program that may end by a signal, and tells of that by its exit code. */
const RELAY = [
  'const { status, signal } = require("child_process").spawnSync(process.execPath, process.argv.slice(1), { stdio: "inherit" })',
  'process.exit(status ?? 128 + require("os").constants.signals[signal])',
].join('; ')

/**
 * Puts quick scripts in the places of npx and npm, which take longer to find a program than many a lab runs. A program of
 * the checkout is started at once as the process to which tsx and the replacement of its Node would lead: the tests of
 * lib/engine hold that they do. Whatever else is asked of them is left to npx and npm themselves.
 * @param bin a folder that comes first in the PATH
 */
export function shortenNpm(bin: string): void {
  const own = `${CHECKOUT}/node_modules/.bin`
  const [real] = stagePath()
  const words = startWords().join(' ')
  const npx = [
    '#!/bin/sh',
    `case "$1 $2" in "tsx labs/"*) [ -f "$2" ] && shift && exec node ${words} "$@";; esac`,
    `case "$1 $2" in "tsx mine/"*) [ -f "$2" ] && shift && exec node -e '${RELAY}' -- ${words} "$@";; esac`,
    `case $1 in -*) ;; *) [ -x ${own}/"$1" ] && PATH=${own}:$PATH exec "$@";; esac`,
    `exec ${real}/npx "$@"`,
  ]
  writeFileSync(join(bin, 'npx'), `${npx.join('\n')}\n`, { mode: 0o755 })
  writeFileSync(join(bin, 'npm'), `${quickNpm(`${real}/npm`).join('\n')}\n`, { mode: 0o755 })
}

/** A script that runs `npm run -s NAME` as npm does, for what sessions run often. @param real npm itself */
function quickNpm(real: string): string[] {
  return [
    '#!/bin/sh',
    `case "$PWD $1 $2 $3" in`,
    ...['check', 'rootfs'].map(name => `"${CHECKOUT} run -s ${name}") script='${scripts[name]}';;`),
    `*) exec ${real} "$@";;`,
    'esac',
    'shift 3',
    // npm takes the first -- for itself.
    'taken=no',
    'for word; do',
    '  shift',
    '  if [ "$taken $word" = "no --" ]; then taken=yes; else set -- "$@" "$word"; fi',
    'done',
    'INIT_CWD=$PWD exec $script "$@"',
  ]
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
