/**
 * The one way in which a program is made ready and started, whoever asks: a check, npm run learn or a grading. Each kind
 * of program has its row in {@link ready}, and a test tries all of them through all three.
 */
import { chmodSync, cpSync, lstatSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import type { Command } from '../sandbox/sandbox.ts'
import type { Shut } from './build-tool.ts'
import { compileC } from './c-program.ts'
import { bundleDesk, programDesk } from './desk.ts'
import { isExecutable } from './executable.ts'
import { isProject, programIn } from './folder.ts'
import { bundleInto, isForNode, nodeCommand, startBundle } from './node-program.ts'
import { commandOfScript, whyUnstartable } from './unstartable.ts'

/** Why a file is no program that can be started: in a sentence about it, and what mends it. */
export class Unfit extends UsageError {
  /** `does not compile`, and the errors, a line each, as whoever wrote it is told. */
  readonly what: string

  constructor(text: string, what: string) {
    super(text)
    this.what = what
  }
}

/** A submission: a copy of what was handed in. */
export interface Submitted {
  /** The folder of the copy, and where that is in the sandbox. */
  readonly folder: string
  readonly place: string
  /** What nothing that is run on it may see. */
  readonly hidden: readonly string[]
  /** An empty folder for its bundle, and where that is in the sandbox. */
  readonly bundle: string
  readonly bundlePlace: string
}

/** A program that can be started. */
export interface Ready {
  readonly command: Command
  /** Its text, where this Node runs it: it may be a reader's copy of a lab. */
  readonly source?: string
  /** Of a submission: whether its bundle has to be where it is said to be. */
  readonly hasBundle?: true
}

/** The file that a path means: npm runs scripts in the checkout, and INIT_CWD is where the command was typed. */
export const fileOf = (path: string): string => resolve(process.env['INIT_CWD'] ?? '.', path)

/**
 * Looks whether there is a program at all, and starts nothing for it.
 * @returns its path, links resolved
 * @throws UsageError when it is missing, a device, or a folder that does not say how it becomes a program
 */
export function findProgramFile(path: string): string {
  const file = fileOf(path)
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) throw new UsageError(`no such program: ${file}`)
  if (found.isDirectory() && !isProject(file))
    throw new UsageError(
      `not a program but a directory or device: ${file}\nhint: a folder is one with a Makefile or a package.json in it`,
    )
  if (!found.isFile() && !found.isDirectory()) throw new UsageError(`not a program but a directory or device: ${file}`)
  return realpathSync(file)
}

const unfit = (file: string, seen: string, hint: string): Unfit =>
  new Unfit(`it cannot be started: ${file}: ${seen}\nhint: ${hint}`, `it cannot be started: ${seen}`)

const doesNotCompile = (errors: string): Unfit =>
  new Unfit(`the program does not compile\n${errors}`, `it does not compile\n${errors}`)

async function readyNode(file: string, submitted: Submitted | undefined): Promise<Ready> {
  if (!submitted) {
    const found = await nodeCommand(file, bundleDesk)
    if ('errors' in found) throw doesNotCompile(found.errors)
    return { command: found.command, source: file }
  }
  const { folder, place, bundle, bundlePlace } = submitted
  const placeOf = (path: string) => (path.startsWith(`${folder}/`) ? join(place, relative(folder, path)) : path)
  const found = await bundleInto(file, { folder, placeOf }, bundle)
  if ('errors' in found) throw doesNotCompile(found.errors.replaceAll(`${folder}/`, ''))
  return { command: startBundle(join(bundlePlace, basename(found.file))), source: file, hasBundle: true }
}

/** A file of a submission as its sandbox has it, and any other where it is. */
const placed = (file: string, submitted: Submitted | undefined) =>
  submitted ? join(submitted.place, relative(submitted.folder, file)) : file

async function readyC(file: string, submitted: Submitted | undefined): Promise<Ready> {
  const name = `${basename(file, '.c')}.compiled`
  const program = join(submitted ? dirname(file) : programDesk(), name)
  const shut: Shut | undefined = submitted && { hidden: submitted.hidden, isFree: false }
  const wrong = await compileC(file, program, shut)
  if (wrong !== undefined) throw doesNotCompile(wrong)
  chmodSync(program, 0o755)
  return { command: [placed(program, submitted)] }
}

/** A script without its executable bit is started as the kernel would start it: web forms and archives lose the bit. */
function readyFile(file: string, submitted: Submitted | undefined): Ready {
  const fault = whyUnstartable(file)
  if (fault?.isSure) throw unfit(file, fault.seen, fault.hint)
  if (!fault && isExecutable(file)) return { command: [placed(file, submitted)] }
  const words = commandOfScript(file)
  if (words) return { command: [...words, placed(file, submitted)] as unknown as Command }
  if (fault) throw unfit(file, fault.seen, fault.hint)
  const hint = 'chmod +x, and a first line such as #!/bin/sh or #!/usr/bin/env python3 in a script'
  throw new Unfit(`not executable: ${file}\nhint: ${hint}`, `it is not executable: ${hint}`)
}

/** A folder is made into a program in a copy of it, so that nothing is written where its owner works. */
async function readyFolder(folder: string, slug: string, submitted: Submitted | undefined): Promise<Ready> {
  let copy = folder
  if (!submitted) {
    copy = join(programDesk(), basename(folder))
    cpSync(folder, copy, { recursive: true, filter: path => !/\/(node_modules|\.git)$/.test(path) })
  }
  const found = await programIn(copy, slug, submitted && { hidden: submitted.hidden, isFree: true })
  if ('problem' in found) throw new Unfit(`the program in ${folder}: ${found.problem}`, found.problem)
  // What package.json names is read where it stands, so that its packages are found.
  const file = isForNode(found.file) && !submitted ? join(folder, relative(copy, found.file)) : found.file
  return readyOf(file, slug, submitted)
}

async function readyOf(file: string, slug: string, submitted: Submitted | undefined): Promise<Ready> {
  if (lstatSync(file).isDirectory()) return readyFolder(file, slug, submitted)
  if (isForNode(file)) return readyNode(file, submitted)
  if (extname(file) === '.c') return readyC(file, submitted)
  return readyFile(file, submitted)
}

/**
 * Makes a program ready: TypeScript and JavaScript (by this Node, from a bundle), C (compiled), a folder with a Makefile
 * (made) or a package.json, a script in any language, and whatever else the kernel can start.
 * @param path of a file or a folder
 * @param slug of the lab that it is for
 * @param submitted where it is a submission; else it is started where it stands
 * @throws UsageError, Unfit
 */
export async function ready(path: string, slug: string, submitted?: Submitted): Promise<Ready> {
  return readyOf(submitted ? path : findProgramFile(path), slug, submitted)
}

/** How one of the programs of this checkout is started, or any other that is for no lab in particular. */
export async function commandFor(path: string, slug = ''): Promise<Command> {
  return (await ready(path, slug)).command
}
