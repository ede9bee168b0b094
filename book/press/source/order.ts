/**
 * The files of the book, in the order in which they are read.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../../../lib/errors.ts'
import { findLab, LABS, type Lab } from '../../../lib/lab/manifest.ts'

/** A chapter by its place in the book. */
export interface Place {
  /** The name of its file without the ending, `03-newnet`; the cover is `README`. */
  readonly name: string
  /** The lab it is about. */
  readonly lab?: Lab
}

/** The whole book. A lab's chapter has the lab's name. */
export const ORDER: readonly Place[] = [
  { name: 'README' },
  { name: 'how-to-use' },
  ...LABS.map(lab => ({ name: lab.slug, lab })),
  ...['cloning-typescript', 'classic-faults', 'namespaces', 'cgroups', 'further', 'glossary'].map(name => ({ name })),
]

/** The chapters that are there. @param folder `book/` */
export const present = (folder: string): Place[] => ORDER.filter(({ name }) => existsSync(join(folder, `${name}.md`)))

/**
 * The chapter that a reader means: `lab3` and every other name of a lab, or the name of a chapter's file.
 * @throws UsageError that lists the chapters
 */
export function findChapter(name: string): Place {
  const wanted = name.replace(/^.*\//, '').replace(/\.md$/, '').toLowerCase()
  const found = ORDER.find(place => place.name.toLowerCase() === wanted)
  if (found) return found
  try {
    const { slug } = findLab(wanted)
    return ORDER.find(place => place.name === slug) as Place
  } catch {
    const known = ORDER.map(place => (place.lab ? `lab${place.lab.number}` : place.name)).join(', ')
    throw new UsageError(`unknown chapter ${JSON.stringify(name)}\nhint: the chapters are ${known}`)
  }
}
