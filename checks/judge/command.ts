/**
 * How a program that is named on the command line is started.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { bundleOrErrors } from '../../lib/engine/bundle.ts'
import { CLONEABLE_FLAGS } from '../../lib/engine/cloneable.ts'
import { UsageError } from '../../lib/errors.ts'
import type { Command } from '../sandbox/sandbox.ts'
import { whyUnstartable } from './unstartable.ts'

/** The file that a path means: npm runs scripts in the checkout, and INIT_CWD is where the command was typed. */
export const fileOf = (path: string): string => resolve(process.env['INIT_CWD'] ?? '.', path)

/** Whether a file is a program for this Node. */
export const isTypeScript = (path: string): boolean => /\.[cm]?[jt]s$/.test(path)

/**
 * How a program is started: an executable as it is, TypeScript by this Node.
 * @throws UsageError when it is missing, no file, not executable, or nothing that the kernel could start
 */
export async function commandFor(path: string): Promise<Command> {
  const file = fileOf(path)
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) throw new UsageError(`no such program: ${file}`)
  if (!found.isFile()) throw new UsageError(`not a program but a directory or device: ${file}`)
  if (isTypeScript(file)) return nodeCommand(file)
  try {
    accessSync(file, constants.X_OK)
  } catch {
    throw new UsageError(`not executable: ${file}\nhint: ${howToRun(file)}`)
  }
  const fault = whyUnstartable(file)
  if (fault) throw new UsageError(`it cannot be started: ${file}: ${fault.seen}\nhint: ${fault.hint}`)
  return [file]
}

/** What is missing before a file can be run. */
function howToRun(file: string): string {
  if (/\.c$/.test(file)) return `compile it first: cc -o lab ${file}`
  return `chmod +x ${file}, and a first line such as #!/bin/sh or #!/usr/bin/env python3 in a script`
}

/** TypeScript runs from a bundle where that is possible, else through tsx. */
async function nodeCommand(file: string): Promise<Command> {
  const { file: compiled, errors } = await bundleOrErrors(file)
  if (errors !== undefined) throw new UsageError(`the program does not compile\n${errors}`)
  if (compiled !== undefined) return [process.execPath, ...CLONEABLE_FLAGS, '--enable-source-maps', compiled]
  const tsx = createRequire(import.meta.url).resolve('tsx')
  return [process.execPath, ...CLONEABLE_FLAGS, '--import', tsx, file]
}
