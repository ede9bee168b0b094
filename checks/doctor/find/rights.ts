/**
 * Findings about what may be done here: as root, as an ordinary user, in a container.
 */
import { SUDO_WITH_PATH } from '../../../lib/rights/sudo.ts'
import { explainComparing } from '../../../lib/trace/kcmp.ts'
import type { Facts } from '../observe/facts.ts'
import { finding } from './finding.ts'
import { asRoot, asRootShell, betterContainer } from './remedies.ts'

function root(facts: Facts) {
  const title = 'root'
  const { user, become } = facts
  if (user.uid === 0 && user.isPrivileged && !user.isMapped) return finding('root', title, 'good', 'you are root')
  if (user.uid === 0 && user.isMapped) {
    const cause = 'this root is one of a user namespace, to the machine an ordinary user'
    const remedy = facts.container ? betterContainer(facts) : 'leave this user namespace'
    return finding('root', title, 'missing', 'not root of the machine', { cause, remedy })
  }
  if (user.uid === 0) {
    const cause = 'this root has not both CAP_SYS_ADMIN and CAP_NET_ADMIN, as in most containers'
    return finding('root', title, 'missing', 'stripped of its powers', { cause, remedy: betterContainer(facts) })
  }
  if (facts.isConfined) {
    const cause = 'no_new_privs is set, and so neither sudo nor su can make anybody root'
    const remedy = facts.container ? betterContainer(facts) : 'leave the sandbox that this shell runs in'
    return finding('root', title, 'missing', 'out of reach', { cause, remedy })
  }
  if (facts.asRoot) {
    if (facts.asRoot.user.isPrivileged)
      return finding('root', title, 'good', 'sudo makes you root, and asks for no password')
    const cause = 'root, as sudo makes you, has not both CAP_SYS_ADMIN and CAP_NET_ADMIN, as in most containers'
    return finding('root', title, 'missing', 'stripped of its powers', { cause, remedy: betterContainer(facts) })
  }
  if (become && user.groups.length > 0)
    return finding('root', title, 'good', `${become}, and ${user.name} is in the group ${user.groups.join(', ')}`)
  if (become) {
    const cause = `only ${become} knows whether ${user.name} may use it`
    return finding('root', title, 'unknown', `${become} is there`, { cause, remedy: `${become} true` })
  }
  const cause = 'whoever has the password of root becomes root with su'
  return finding('root', title, 'unknown', 'neither sudo nor doas', { cause, remedy: 'su -' })
}

const UNKNOWN_SWITCH = 'no switch that is known forbids it; the kernel does in a chroot, and security modules may'

function userNamespaces(facts: Facts) {
  const { works, seen = 'refused', cause = UNKNOWN_SWITCH } = facts.userNamespaces
  const remedy = facts.container ? betterContainer(facts) : (facts.userNamespaces.remedy ?? 'do it as root')
  const title = `user namespaces, for ${facts.ordinary ?? 'an ordinary user'}`
  if (works) return finding('user-namespaces', title, 'good', 'root in there can make mounts')
  return finding('user-namespaces', title, 'missing', seen, { cause, remedy })
}

/** Whether a user namespace may mount a /proc of its own. */
function ownProc(facts: Facts) {
  const { works, mountsProc, seen = 'refused', cause } = facts.userNamespaces
  const remedy = facts.container ? betterContainer(facts) : facts.userNamespaces.remedy
  const title = 'a fresh /proc in a user namespace'
  if (mountsProc) return finding('own-proc', title, 'good', 'it can be mounted')
  if (!works) return finding('own-proc', title, 'missing', 'no', { cause: 'that takes a user namespace' })
  return finding('own-proc', title, 'missing', seen, { cause, remedy })
}

function sandboxNamespaces(facts: Facts) {
  const { works, seen = 'refused', cause = UNKNOWN_SWITCH, remedy = betterContainer(facts) } = facts.rootNamespaces
  const title = "user namespaces, for root's sandbox of a check"
  if (works)
    return finding('sandbox-namespaces', title, 'good', facts.user.uid === 0 ? 'root can make them' : 'allowed')
  return finding('sandbox-namespaces', title, 'missing', seen, { cause, remedy })
}

const isOfNetworks = (limit: string) => limit.includes('_net_')

/** Limits on namespaces that are 0: on those of networks, or on the others. */
function limits(facts: Facts, id: 'network-limit' | 'namespace-limits') {
  const title = id === 'network-limit' ? 'the limit on network namespaces' : 'the limits on other namespaces'
  const exhausted = facts.exhausted.filter(name => isOfNetworks(name) === (id === 'network-limit'))
  if (exhausted.length === 0) return finding(id, title, 'good', 'not 0')
  const remedy = asRoot(facts, `sysctl ${exhausted.map(name => `${name}=15000`).join(' ')}`)
  const cause = 'nobody here, root included, gets a namespace of that kind'
  return finding(id, title, 'missing', `${exhausted.join(' and ')}: 0`, { cause, remedy })
}

function tracing(facts: Facts) {
  const title = 'tracing, by which a checker sees'
  const { ptraceScope = 0 } = facts
  if (ptraceScope < 3) return finding('ptrace', title, 'good', `kernel.yama.ptrace_scope is ${ptraceScope}`)
  const cause = 'it forbids all tracing, and until the next boot nobody can take that back'
  const remedy = `${asRoot(facts, "sed -i '/ptrace_scope/d' /etc/sysctl.conf /etc/sysctl.d/*.conf")}, and boot again`
  return finding('ptrace', title, 'missing', 'kernel.yama.ptrace_scope is 3', { cause, remedy })
}

function comparing(facts: Facts) {
  const { kcmp } = facts
  const title = 'kcmp(2), which tells what two processes share'
  if (!kcmp) return finding('kcmp', title, 'good', 'it answers')
  const { cause, remedy } = explainComparing(kcmp, betterContainer(facts))
  return finding('kcmp', title, 'missing', kcmp, { cause, remedy })
}

function judging(facts: Facts) {
  const title = 'what a checker does besides: it traces, enters namespaces, changes roots'
  const [lack] = facts.judging
  if (!lack) return finding('judging', title, 'good', 'it was tried, and works')
  const { what, seen, cause, remedy } = lack
  return finding('judging', title, 'missing', `${what}: ${seen}`, { cause, remedy })
}

/** What root lacks, as far as sudo has let it try. */
function judgingAsRoot(facts: Facts) {
  const title = 'the same as root, by sudo'
  const { asRoot } = facts
  if (!asRoot) return finding('root-judging', title, 'good', 'not tried: you are root, or sudo wants a password')
  const [lack] = asRoot.judging
  if (lack) return finding('root-judging', title, 'missing', `${lack.what}: ${lack.seen}`, lack)
  if (asRoot.rawSockets) return finding('root-judging', title, 'missing', asRoot.rawSockets.seen, asRoot.rawSockets)
  return finding('root-judging', title, 'good', 'it was tried, and works')
}

function sudoPath({ sudoFindsNpx = true }: Facts) {
  const title = 'npx, for sudo'
  if (sudoFindsNpx) return finding('sudo-path', title, 'good', 'it is found, or not needed')
  const cause = 'sudo looks in a PATH of its own, and your Node is elsewhere, as with nvm: sudo npx is not found'
  const remedy = `sudo labs/run 3\n${SUDO_WITH_PATH} npx tsx labs/03-newnet.ts`
  return finding('sudo-path', title, 'limited', 'not where it looks', { cause, remedy })
}

function echoes(facts: Facts) {
  const title = 'echo requests to this machine'
  if (!facts.unanswered) return finding('echoes', title, 'good', 'they are answered')
  const { seen, cause, remedy } = facts.unanswered
  return finding('echoes', title, 'missing', seen, {
    cause: `${cause}, and lab 3 pings it from inside (a check has a network of its own)`,
    remedy: asRootShell(facts, remedy),
  })
}

function rawSockets(facts: Facts) {
  const title = 'raw sockets, with which ping sends and a checker sees packets'
  if (!facts.rawSockets) return finding('raw-sockets', title, 'good', 'they may be opened')
  return finding('raw-sockets', title, 'missing', facts.rawSockets.seen, facts.rawSockets)
}

/** What is said of rights. */
export const rightFindings = (facts: Facts) => [
  root(facts),
  userNamespaces(facts),
  ownProc(facts),
  sandboxNamespaces(facts),
  limits(facts, 'network-limit'),
  limits(facts, 'namespace-limits'),
  tracing(facts),
  comparing(facts),
  judging(facts),
  judgingAsRoot(facts),
  sudoPath(facts),
  echoes(facts),
  rawSockets(facts),
]
