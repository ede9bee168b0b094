/**
 * The type errors in the reader's file, found in the background: the check does not wait for them.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT } from '../../lib/machine/root.ts'
import { harmlessLines } from '../judge/sanitize.ts'
import { MINE } from './mine/mine.ts'

/** How many are shown. */
const MOST = 2
const TSC = join(ROOT, 'node_modules', '.bin', 'tsc')

/** The errors of one file in what the compiler printed, as `line 57: Expected 2 arguments, but got 1.` */
export function errorsOf(printed: string, file: string): string[] {
  const lines = harmlessLines(printed).split('\n')
  return lines.flatMap(line => {
    const [, name, number, text] = /^(?:.*\/)?([^/(]+)\((\d+),\d+\): error TS\d+: (.*)$/.exec(line) ?? []
    return name === file ? [`line ${number}: ${text}`] : []
  })
}

/** Starts the compiler. @param tell is called with the first errors, if there are any @returns stops it */
export function findTypeErrors(path: string, tell: (errors: readonly string[]) => void): () => void {
  if (!existsSync(TSC)) return () => {}
  const compiler = spawn(process.execPath, [TSC, '-p', MINE, '--noEmit', '--pretty', 'false'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let printed = ''
  let isWanted = true
  compiler.stdout.setEncoding('utf8').on('data', text => (printed += text))
  compiler.on('error', () => {})
  compiler.on('close', () => {
    const errors = errorsOf(printed, basename(path))
    if (isWanted && errors.length > 0) tell(errors.slice(0, MOST))
  })
  return () => {
    isWanted = false
    compiler.kill()
  }
}
