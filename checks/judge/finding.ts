/**
 * What comes of one claim.
 */
import { type Failure, isUnjudged, type Objection, type Unjudged } from '../labs/claim.ts'

/** The result of one claim. */
export interface Finding {
  readonly title: string
  readonly section: string
  readonly failure?: Failure
  readonly unjudged?: Unjudged
  /** The exercise behind it, `3.2 Lay a veth pair …`, if it is the first that does not hold of a reader's copy of a lab. */
  readonly task?: string
}

/** The claim about the machine itself, which is decided when the sandbox is gone. */
export function machineFinding(changes: readonly string[]): Finding {
  const expected = 'the machine as it was before'
  const cause = 'the program reached out of the sandbox'
  const title = 'the machine is as it was: its interfaces, mounts, groups and processes'
  return finding(title, 'clean-up', changes.length > 0 ? { expected, seen: changes.join('; '), cause } : undefined)
}

/** The result of a claim, given what speaks against it. */
export function finding(title: string, section: string, objection: Objection | undefined): Finding {
  if (!objection) return { title, section }
  return isUnjudged(objection) ? { title, section, unjudged: objection } : { title, section, failure: objection }
}
