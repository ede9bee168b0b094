/**
 * A root file system of one program: a static busybox, and a link to it for each of its applets.
 */
import { realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { CannotRun } from '../lib/errors.ts'
import { isOurs, readElf } from '../lib/machine/elf.ts'
import { findProgram } from '../lib/machine/find-program.ts'
import { type Contents, REQUIRED } from './contents.ts'
import { lastWords, run } from './run.ts'

/** Where an applet's link may be. `linuxrc`, which is for an initial RAM disk, is not there. */
const APPLET = /^(usr\/)?s?bin\/[\w.[-]+$/
const HOME = 'bin/busybox'
/** A program that the book uses and that some distributions leave out of their busybox. */
const IPCS = 'usr/bin/ipcs'

/** The applets of a busybox as paths inside. */
async function applets(program: string): Promise<string[]> {
  const outcome = await run([program, '--list-full'])
  if (outcome.code !== 0) throw new CannotRun(`${program} --list-full: ${lastWords(outcome)}`)
  const paths = outcome.stdout.split('\n').filter(path => APPLET.test(path) && path !== HOME)
  const lacking = REQUIRED.filter(name => !paths.some(path => path.endsWith(`/${name}`)))
  if (lacking.length > 0) throw new CannotRun(`${program} is built without ${lacking.join(', ')}`)
  return paths
}

/**
 * The contents made from one busybox.
 * @throws CannotRun when it is not static, for another machine, or lacks what the labs need
 */
export async function busyboxContents(program: string, origin: string): Promise<Contents> {
  const elf = readElf(program)
  if (!elf || !isOurs(elf)) throw new CannotRun(`${program} is no program for this machine`)
  if (elf.interpreter !== undefined)
    throw new CannotRun(`${program} is not static: it needs libraries, beginning with ${elf.interpreter}`)
  const paths = await applets(program)
  const hasIpcs = paths.some(path => path.endsWith('/ipcs'))
  return {
    from: `busybox, ${origin}`,
    files: new Map([[HOME, program], ...(hasIpcs ? [] : [[IPCS, join(import.meta.dirname, 'ipcs.sh')] as const])]),
    // Relative, so that they lead to the same file from the outside.
    links: new Map(paths.map(path => [path, relative(dirname(path), HOME)])),
    origin,
  }
}

/** The contents made from the busybox that is installed. @throws CannotRun */
export async function installedBusybox(): Promise<Contents> {
  const found = findProgram('busybox')
  if (!found) throw new CannotRun('PATH has no busybox')
  const program = realpathSync(found)
  return busyboxContents(program, `installed as ${program}`)
}
