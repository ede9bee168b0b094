/**
 * What came of each claim about a program.
 */
import {
  type Checker,
  EVERY_LAB,
  type Failure,
  isUnjudged,
  type Objection,
  type Unjudged,
  unless,
} from '../labs/claim.ts'
import type { Observation } from '../observer/record.ts'
import type { Changes } from './others.ts'

/** The result of one claim. */
export interface Finding {
  readonly title: string
  readonly section: string
  readonly failure?: Failure
  readonly unjudged?: Unjudged
  /** The exercise behind it, `3.2 Lay a veth pair …`, if it is the first that does not hold of a reader's copy of a lab. */
  readonly task?: string
}

/** The claim about the machine itself, which every check makes last. */
export function machineFinding({ own, others }: Changes): Finding {
  const title = 'the machine is as it was: its interfaces, mounts, groups and processes'
  const escaped = unless(
    own.length === 0,
    'the machine as it was before',
    own.join('; '),
    'the program reached out of the sandbox',
  )
  const disturbed = others.length > 0 && {
    missing: `what the program changes: others change the machine while it is judged (${others.join('; ')})`,
    remedy: 'check it again when nobody else adds or removes interfaces and mounts',
  }
  return finding(title, 'clean-up', escaped ?? (disturbed || undefined))
}

function finding(title: string, section: string, objection: Objection | undefined): Finding {
  if (!objection) return { title, section }
  return isUnjudged(objection) ? { title, section, unjudged: objection } : { title, section, failure: objection }
}

/** Decides every claim about a program. A cause that several have is told once. */
export function decide(checker: Checker, observation: Observation): Finding[] {
  const causes = new Map<string, string>()
  return [...checker, ...EVERY_LAB].map(({ title, section, refute }) => {
    const found = finding(title, section, refute(observation))
    if (!found.failure) return found
    const same = causes.get(found.failure.cause)
    causes.set(found.failure.cause, same ?? title)
    return same === undefined
      ? found
      : { ...found, failure: { ...found.failure, cause: `as above, where it says: ${same}` } }
  })
}
