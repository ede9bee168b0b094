/**
 * Programs that the sessions of the book call, that the labs do without, and that a small system lacks.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../../lib/machine/find-program.ts'
import { ROOT } from '../../../lib/machine/root.ts'

const TOOLS = [
  ...['cgcreate', 'cgdelete', 'cgexec', 'cgset', 'mount', 'umount', 'pgrep', 'pivot_root', 'pkill', 'ps', 'python3'],
  ...['crun', 'runc', 'script', 'strace'],
]
const SCRIPT = /\b(?:checks|book\/programs)\/[\w/.-]+\.(?:sh|py)\b/g

/** Programs whose own calls are shown. They make them in another order in each release, so this one is needed. */
const RELEASES: Readonly<Record<string, string>> = { crun: '1.8', runc: '1.1' }

/** What is missing of a program: itself, or the release that was recorded. `undefined` if nothing is. */
function missing(tool: string): string | undefined {
  if (findProgram(tool) === undefined) return tool
  const release = RELEASES[tool]
  if (release === undefined) return undefined
  const { stdout } = spawnSync(tool, ['--version'], { encoding: 'utf8' })
  return stdout?.startsWith(`${tool} version ${release}.`) ? undefined : `${tool} ${release}`
}

const names = (text: string, tool: string) => new RegExp(`(?<![\\w/.-])${tool}(?![\\w.-])`).test(text)

/** The commands, together with the scripts of the checkout that they name, without comments. */
function withScripts(commands: readonly string[]): string {
  const text = commands.join('\n')
  const files = (text.match(SCRIPT) ?? []).map(path => join(ROOT, path)).filter(existsSync)
  return [text, ...files.map(file => readFileSync(file, 'utf8').replace(/^\s*#(?!!).*$/gm, ''))].join('\n')
}

/** The tools that commands call and this machine lacks. */
export function lackingTools(commands: readonly string[]): string[] {
  const text = withScripts(commands)
  return TOOLS.filter(tool => names(text, tool)).flatMap(tool => missing(tool) ?? [])
}
