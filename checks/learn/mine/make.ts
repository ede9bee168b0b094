/**
 * The harder task: a lab from an empty file, by its contract alone.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wrap } from '../../../lib/lab/layout.ts'
import type { Lab } from '../../../lib/lab/manifest.ts'
import { ROOT } from '../../../lib/machine/root.ts'
import { MINE, writeMine } from './mine.ts'

/** How wide a comment may be. */
const WIDTH = 116

/** What the program of a lab must do, as checks/README.md says it: a paragraph each. */
export function contractOf({ number }: Pick<Lab, 'number'>): string[] {
  const text = readFileSync(join(ROOT, 'checks', 'README.md'), 'utf8')
  const [, part = ''] =
    new RegExp(`^\\*\\*Lab ${number}\\.\\*\\* ([\\s\\S]*?)(?=^\\*\\*Lab \\d|^## )`, 'm').exec(text) ?? []
  return part.split(/\n+/).filter(line => line.trim() !== '')
}

/** Writes the file, if there is none. @returns its path */
export function writeContract({ number, slug, title }: Pick<Lab, 'number' | 'slug' | 'title'>): string {
  const path = join(MINE, `${slug}.make.ts`)
  if (existsSync(path)) return path
  const paragraphs = [
    `Lab ${number}, ${title}: all of it, by yourself. What it must do:`,
    ...contractOf({ number }),
    'End with exit code 0, and leave no process, interface, mount or control group behind.',
  ]
  const lines = paragraphs.flatMap(text => ['', ...wrap(text.replace(/^- /, '  - '), 2, WIDTH).split('\n')]).slice(1)
  writeMine(
    path,
    `/*\n${lines.map(line => (line === '' ? ' *' : ` * ${line.replaceAll('*/', '* /')}`)).join('\n')}\n */\n`,
  )
  return path
}
