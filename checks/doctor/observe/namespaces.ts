/**
 * User namespaces, of an ordinary user and of root: both are tried where the doctor runs as root.
 */
import { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER } from '../../../lib/flags.ts'
import {
  probeUserNamespaces,
  readSwitches,
  type UserNamespaces,
  whatForbids,
} from '../../../lib/rights/user-namespaces.ts'
import { asOrdinaryUser, attempt } from './attempt.ts'
import type { Facts } from './facts.ts'

function ofOrdinaryUser(): UserNamespaces {
  const outcome = asOrdinaryUser(probeUserNamespaces)
  if ('value' in outcome) return outcome.value
  return { works: false, mountsProc: false, seen: outcome.error, ...whatForbids(readSwitches()) }
}

/**
 * What root may do for the sandbox of a check. The switches that forbid ordinary users namespaces do not concern root.
 */
function ofRoot(): Facts['rootNamespaces'] {
  const switches = { ...readSwitches(), debian: undefined, appArmor: undefined }
  if (process.getuid?.() !== 0) {
    const { isBuilt, most } = switches
    return isBuilt && most !== 0 ? { works: true } : { works: false, ...whatForbids(switches) }
  }
  const outcome = attempt(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, () => true)
  if ('value' in outcome) return { works: true }
  const seen = outcome.error.replace(/^clone\(.*?\): (\w+).*/, 'clone(CLONE_NEWUSER): $1')
  return { works: false, seen, ...whatForbids(switches) }
}

export function observeNamespaces(): Pick<Facts, 'userNamespaces' | 'rootNamespaces'> {
  return { userNamespaces: ofOrdinaryUser(), rootNamespaces: ofRoot() }
}
