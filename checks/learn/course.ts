/**
 * Where a reader goes on, by their record.
 */
import { LABS, type Lab } from '../../lib/lab/manifest.ts'
import { lacking } from '../judge/become.ts'
import type { Progress } from './mine/progress.ts'

/** The lab to go on with: the one worked on last, unless that is done, else the first that is not. */
export function labToGoOn({ current, labs }: Progress): Lab {
  const isOpen = ({ slug }: Lab) => labs[slug]?.done === undefined
  const last = LABS.find(({ slug }) => slug === current)
  return (last && isOpen(last) ? last : (LABS.find(isOpen) ?? last ?? LABS[0])) as Lab
}

/**
 * Whether a lab's questions have been asked. Answers beside which the kernel's part could not be seen are asked for again
 * once the lab can be run.
 */
export function isAsked(lab: Lab, { labs }: Progress): boolean {
  const { predictions } = labs[lab.slug] ?? {}
  const answered = predictions?.filter(({ answer }) => answer !== null) ?? []
  if (predictions === undefined || answered.length === 0) return predictions !== undefined
  return answered.some(({ kernel }) => kernel !== null) || lacking(lab, true).cannot !== undefined
}
