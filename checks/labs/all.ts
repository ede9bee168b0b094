/**
 * All labs that can be checked: each lab of the manifest with what `checks/labs/NN-slug/lab.ts` exports.
 */
import { LABS } from '../../lib/lab/manifest.ts'
import type { CheckedLab } from './lab.ts'

const load = async (slug: string): Promise<[string, CheckedLab]> => {
  const { lab } = (await import(`./${slug}/lab.ts`)) as { readonly lab: CheckedLab }
  return [slug, lab]
}

const CHECKED = new Map(await Promise.all(LABS.map(({ slug }) => load(slug))))

/** What the lab of a slug is judged by. @throws Error if the manifest has no such lab */
export function checkedLab(slug: string): CheckedLab {
  const lab = CHECKED.get(slug)
  if (!lab) throw new Error(`the manifest has no lab ${slug}`)
  return lab
}
