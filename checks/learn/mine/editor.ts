/**
 * The reader's editor, at a line of a file.
 */
import { basename } from 'node:path'
import { findProgram } from '../../../lib/machine/find-program.ts'

/** Editors that open a window of their own, and need no terminal. */
const IN_WINDOWS = ['code', 'codium', 'code-insiders', 'cursor', 'subl', 'zed', 'gedit', 'kate']

/**
 * The command: that of $VISUAL or $EDITOR, else VS Code where it is, else one that most machines have.
 * @returns also whether it takes the terminal; `undefined` if there is none
 */
export function editorAt(
  path: string,
  line: number,
  environment: NodeJS.ProcessEnv = process.env,
): { readonly words: readonly string[]; readonly takesTerminal: boolean } | undefined {
  const wanted = environment['VISUAL'] || environment['EDITOR']
  const named = wanted?.trim().split(/\s+/)
  const name = named?.[0] ?? [...IN_WINDOWS.slice(0, 1), 'nano', 'vim', 'vi'].find(each => findProgram(each))
  // A path is one already, and is not looked for.
  const program = name?.includes('/') ? name : name && findProgram(name)
  if (name === undefined || !program) return undefined
  const kind = basename(name)
  const place = ['code', 'codium', 'code-insiders', 'cursor'].includes(kind)
    ? ['-g', `${path}:${line}`]
    : ['subl', 'zed'].includes(kind)
      ? [`${path}:${line}`]
      : [`+${line}`, path]
  return { words: [program, ...(named ?? []).slice(1), ...place], takesTerminal: !IN_WINDOWS.includes(kind) }
}
