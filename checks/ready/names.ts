/**
 * What the name of a file says: which lab it is, and whose.
 */
import { basename, extname } from 'node:path'
import { LABS, type Lab } from '../../lib/lab/manifest.ts'

/** Ways to name one lab: `03-newnet`, `newnet`, `lab3`, `lab-03`, `lab_3`, and `3` or `03` as a word of its own. */
const patterns = LABS.map(lab => {
  const words = lab.slug.replace(/^\d+-/, '')
  const spelled = words.split('-').join('[-_ ]?')
  const number = `0?${lab.number}`
  const name = [`${number}[-_ ]${spelled}`, spelled, `lab[-_ ]?${number}`, number].join('|')
  return { lab, pattern: new RegExp(`(?<![\\p{L}\\p{N}])(?:${name})(?![\\p{L}\\p{N}])`, 'iu') }
})

/** The name without its folder and without what says which language it is. */
const stemOf = (path: string): string => basename(path, extname(path)) || basename(path)

/** The lab that a file's name names; `undefined` if it names none, or several. */
export function labNamed(path: string): Lab | undefined {
  const stem = stemOf(path).replaceAll('_', '-')
  const found = patterns.filter(({ pattern }) => pattern.test(stem))
  return found.length === 1 ? found[0]?.lab : undefined
}

/** The student of a single file: the part of its name beside the lab. `alice-lab3.py` and `alice.py` are alice's. */
export function studentNamed(path: string): string {
  const stem = stemOf(path)
  const pattern = patterns.find(({ lab }) => lab === labNamed(path))?.pattern
  if (!pattern) return stem
  const [found] = pattern.exec(stem.replaceAll('_', '-')) ?? []
  const at = found === undefined ? -1 : stem.replaceAll('_', '-').indexOf(found)
  const rest = at < 0 ? stem : `${stem.slice(0, at)} ${stem.slice(at + (found?.length ?? 0))}`
  return rest.replace(/^[\s._-]+|[\s._-]+$/g, '') || stem
}
