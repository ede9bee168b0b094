/**
 * The programs on which the checkers are tried, those of all labs. Right ones, in other languages and in their own
 * idiom, must pass; each wrong one must be refused by the claims named here, so that the message a learner reads is the
 * right one.
 */
import { LABS } from '../../../lib/lab/manifest.ts'
import { checkedLab } from '../../labs/all.ts'

/** One program. */
export interface Specimen {
  readonly slug: string
  /** Relative to checks/. */
  readonly path: string
  /** Titles of the claims that must refuse it, all of them and no other; none for a right program. */
  readonly refusedBy: readonly string[]
  /** The commands that it needs, which the labs do not need and not every machine has. */
  readonly tools: readonly string[]
}

/** Of Debian's package cgroup-tools. */
const CGROUP_TOOLS = ['cgcreate', 'cgset', 'cgexec', 'cgdelete']

export const SPECIMENS: readonly Specimen[] = LABS.flatMap(({ slug }) =>
  Object.entries(checkedLab(slug).programs).map(([path, refusedBy]) => ({
    slug,
    path: `labs/${slug}/${path}`,
    refusedBy,
    tools: /cgroup-tools/.test(path) ? CGROUP_TOOLS : [],
  })),
)
