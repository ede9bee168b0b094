/**
 * A folder as a program: one with a package.json says what is started, one with a Makefile makes it.
 */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { knowsFewUsers } from '../../lib/machine/self.ts'
import { runTool, type Shut } from './build-tool.ts'
import { isExecutable } from './executable.ts'
import { labNamed } from './names.ts'

const MAKEFILES = ['GNUmakefile', 'makefile', 'Makefile']
/** What package.json may mean by "start": a program of Node's, and no more. */
const START = /^(?:npx\s+)?(?:node|tsx)\s+(?:--import\s+tsx\s+)?([^\s&|;<>$]+)$/
const INDEX = ['index.ts', 'index.mts', 'index.js', 'index.mjs', 'index.cjs']

/** A Makefile of somebody else's, where there is no user to run it as who owns nothing. */
export class NoOtherUser extends CannotRun {
  constructor() {
    super(
      'a Makefile may do anything, so it is run as a user who owns nothing, and only root can be somebody else\n' +
        'hint: sudo npm run grade -- DIR, or hand in the C file by itself',
    )
  }
}

/** Whether a folder says how it becomes a program. */
export const isProject = (folder: string): boolean =>
  [...MAKEFILES, 'package.json'].some(name => existsSync(join(folder, name)))

/** A file to go on with, or why there is none. */
type Found = { readonly file: string } | { readonly problem: string }

/** The file that package.json names: by `bin`, `main`, or a script `start`; else index.ts and the like. */
function byPackage(folder: string): Found {
  let value: { bin?: unknown; main?: unknown; scripts?: { start?: unknown } }
  try {
    value = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  } catch (error) {
    return { problem: `its package.json cannot be read: ${(error as Error).message}` }
  }
  const [, started] = START.exec(String(value.scripts?.start ?? '')) ?? []
  const bins = typeof value.bin === 'object' && value.bin !== null ? Object.values(value.bin) : [value.bin]
  const names = [bins.length === 1 ? bins[0] : undefined, started, value.main, ...INDEX]
  const named = names.filter(name => typeof name === 'string')
  const name = named.find(each => lstatSync(join(folder, each), { throwIfNoEntry: false })?.isFile())
  if (name !== undefined && !relative(folder, join(folder, name)).startsWith('..')) return { file: join(folder, name) }
  return { problem: `its package.json names no file that is there: ${named[0] ?? 'bin, main or a script start'}` }
}

/** When each executable file of a folder was written. */
const executables = (folder: string) =>
  new Map(
    readdirSync(folder)
      .filter(name => lstatSync(join(folder, name)).isFile() && isExecutable(join(folder, name)))
      .map(name => [name, lstatSync(join(folder, name), { bigint: true }).mtimeNs] as const),
  )

/**
 * Runs make, and finds what it has made: the one program that is new, or of several the one that is named after the lab.
 * @param slug of the lab
 */
async function byMake(folder: string, slug: string, shut: Shut | undefined): Promise<Found> {
  const make = findProgram('make')
  if (make === undefined) return { problem: 'there is a Makefile, and this machine has no make' }
  if (shut && knowsFewUsers()) throw new NoOtherUser()
  const before = executables(folder)
  const wrong = await runTool([make], folder, shut && { ...shut, isFree: true })
  if (wrong !== undefined) return { problem: `make has failed\n${wrong}` }
  const after = executables(folder)
  const made = [...after].filter(([name, time]) => before.get(name) !== time).map(([name]) => name)
  const named = (names: readonly string[]) => names.filter(name => labNamed(name)?.slug === slug)
  const candidates = [named(made), made, named([...after.keys()]), [...after.keys()]]
  const [name] = candidates.find(names => names.length === 1) ?? []
  if (name !== undefined) return { file: join(folder, name) }
  const which = after.size === 0 ? 'has made no program' : `leaves several programs, ${[...after.keys()].join(', ')}`
  return { problem: `make ${which}: name the one that is meant after the lab` }
}

/**
 * The program of a folder.
 * @param slug of the lab that it is for
 * @param shut how make is kept from what it must not see
 * @throws NoOtherUser
 */
export async function programIn(folder: string, slug: string, shut: Shut | undefined): Promise<Found> {
  if (MAKEFILES.some(name => existsSync(join(folder, name)))) return byMake(folder, slug, shut)
  return byPackage(folder)
}
