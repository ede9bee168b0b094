/**
 * Earlier versions of the reader's copies that got further than what came after: kept when they are judged, and pruned.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../../../lib/lab/manifest.ts'
import { copyOf, giveToReader, MINE, setAside, writeMine } from './mine.ts'

/** How many are kept of each lab. */
const MOST = 9

/** One version. */
export interface Kept {
  readonly path: string
  /** How many of its tasks were proved. */
  readonly proved: number
  /** When it was judged, `2026-11-25 12:03:05`. */
  readonly when: string
}

const folderOf = ({ slug }: Pick<Lab, 'slug'>) => join(MINE, '.kept', slug)
const NAME = /^(\d{4}-\d\d-\d\d) (\d\d)\.(\d\d)\.(\d\d) (\d+)\.ts$/

/** The versions of a lab, those that got furthest first, and of those the newest. */
export function keptOf(lab: Pick<Lab, 'slug'>): Kept[] {
  let names: string[]
  try {
    names = readdirSync(folderOf(lab))
  } catch {
    // ENOENT: none has been kept yet.
    return []
  }
  const found = names.flatMap(name => {
    const [, day, hour, minute, second, proved] = NAME.exec(name) ?? []
    if (day === undefined) return []
    return [{ path: join(folderOf(lab), name), proved: Number(proved), when: `${day} ${hour}:${minute}:${second}` }]
  })
  return found.sort((one, other) => other.proved - one.proved || (one.when < other.when ? 1 : -1))
}

/** Keeps a version, if anything of it is proved and it is not kept already. */
export function keep(lab: Pick<Lab, 'slug'>, text: string, proved: number): void {
  const before = keptOf(lab)
  if (proved === 0 || before.some(({ path }) => readFileSync(path, 'utf8') === text)) return
  for (const folder of [join(MINE, '.kept'), folderOf(lab)]) {
    mkdirSync(folder, { recursive: true })
    giveToReader(folder)
  }
  const now = new Date()
  const name = `${now.toLocaleDateString('sv')} ${now.toLocaleTimeString('sv').replaceAll(':', '.')} ${proved}.ts`
  writeMine(join(folderOf(lab), name), text)
  for (const { path } of keptOf(lab).slice(MOST)) rmSync(path, { force: true })
}

/** Brings a version back. What was there is kept beside it. @returns where that is now */
export function bringBack(lab: Pick<Lab, 'slug'>, { path }: Kept): string {
  const text = readFileSync(path, 'utf8')
  const aside = setAside(copyOf(lab))
  writeMine(copyOf(lab), text)
  return aside
}
