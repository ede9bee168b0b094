/**
 * Lab 7: a user namespace. Root of what?
 *
 * You will see a child that is nobody, then root of its own users and still nobody's root outside; what it may do as
 * root, what it is refused, and what is left of root when its capabilities are taken away, one set after the other.
 *
 * Man pages: user_namespaces(7), capabilities(7), newuidmap(1), capset(2), PR_SET_NO_NEW_PRIVS(2const). Needs user namespaces.
 * Run it: npx tsx labs/07-userns.ts, and sudo npx tsx labs/07-userns.ts
 */
import { chmodSync, chownSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { clone, fork } from '../lib/clone.ts'
import { execve, execvp } from '../lib/exec.ts'
import { CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWUTS, SIGCHLD } from '../lib/flags.ts'
import { makeGate } from '../lib/gate.ts'
import { hostName, idSpan, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { makeOwnFolder } from '../lib/lab/own-folder.ts'
import { inside, note, outside, refusal, refusalAtLast } from '../lib/lab/say.ts'
import { findProgram } from '../lib/machine/find-program.ts'
import { mknod, S_IFBLK } from '../lib/mount/device-nodes.ts'
import { mount } from '../lib/mount/mount.ts'
import { sethostname, unshare, userNamespaceOwner } from '../lib/namespaces.ts'
import { waitpid } from '../lib/process.ts'
import { capabilitySets, capset, countCapabilities, keepCapabilities, setOf } from '../lib/rights/capabilities.ts'
import { chooseIdMaps, giveIdMaps, otherThanRoot, rootOf, whyNoRange } from '../lib/rights/id-ranges.ts'
import { setNoNewPrivs } from '../lib/rights/prctl.ts'
import { becomeRoot, becomeUser, enterUserNamespace } from '../lib/rights/users.ts'
import { describeEnd, shellCode } from '../lib/status.ts'
import { realUser } from '../lib/trace/proc.ts'

const knobs = await startLab('07-userns', {
  range: idSpan('users outside that become 0, 1, … inside; root may choose (100000:65536)'),
  hostname: hostName('inside', 'host name inside'),
  pace: seconds(0, 'pause after each line, to read along'),
})

// #region choose
const maps = chooseIdMaps(knobs.range)
const other = otherThanRoot(maps)
const folder = makeOwnFolder(rootOf(maps))
process.chdir(folder.path)
// #endregion choose
const [isNobody, isMapped, hasMade, isSeen] = [makeGate(), makeGate(), makeGate(), makeGate()]
const whoAmI = () => `I am user ${process.getuid?.()} and group ${process.getgid?.()}`

function child(): number {
  inside(`${whoAmI()}: nobody has said yet who that is in here.`)
  isNobody.open()
  // #region become-root
  isMapped.wait()
  becomeRoot()
  // #endregion become-root
  inside(`${whoAmI()}, by the map ${readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/).join(' ')}.`)
  // #region file
  writeFileSync('file', 'made inside\n')
  // #endregion file
  inside(`I have made a file. It belongs to user ${statSync('file').uid}.`)
  hasMade.open()
  isSeen.wait()
  // #region refused
  inside(`My host name:           ${refusal(() => sethostname(knobs.hostname))}`)
  inside(`A disk, by mknod:       ${refusal(() => mknod('disk', S_IFBLK | 0o600, 0x0800))}`)
  inside(`To write /etc/passwd:   ${refusal(() => openSync('/etc/passwd', 'r+'))}`)
  // In a child, because nobody comes back from a user namespace further down.
  waitpid(fork(() => inside(`A user namespace more:  ${refusalAtLast(enterUserNamespace)}`)))
  // #endregion refused
  // #region root
  unshare(CLONE_NEWNS | CLONE_NEWUTS)
  sethostname(knobs.hostname)
  mkdirSync('tmpfs')
  mount('lab7', 'tmpfs', 'tmpfs', 0, 'mode=755')
  writeFileSync('tmpfs/given', '')
  chownSync('tmpfs/given', other, other)
  // #endregion root
  inside(`In namespaces of mine: host name ${hostname()}, a tmpfs, and a file that I gave to user ${other}.`)
  const ends = [withLess, () => asSomebody(false), () => asSomebody(true)].map(life => waitpid(fork(life)))
  return ends.every(({ code }) => code === 0) ? 0 : 1
}

function withLess(): void {
  inside(`Of all ${countCapabilities(capabilitySets()?.bounding ?? 0n)} capabilities I keep three.`)
  // #region less
  keepCapabilities(setOf(['CAP_CHOWN', 'CAP_SETUID', 'CAP_SETGID']))
  // #endregion less
  inside(`The host name:  ${refusal(() => sethostname('again'))}. And this is what I am after an execve:`)
  execvp('grep', ['grep', '-E', '^(Uid|Cap...):', '/proc/self/status'])
}

function asSomebody(isBound: boolean): void {
  // #region set-user-id
  writeFileSync('tmpfs/grep', readFileSync(findProgram('grep') ?? '/bin/grep'))
  chmodSync('tmpfs/grep', 0o4755)
  // #endregion set-user-id
  // #region no-new-privs
  if (other > 0) becomeUser(other, other)
  else capset({ effective: 0n, permitted: 0n, inheritable: 0n })
  if (isBound) setNoNewPrivs()
  // #endregion no-new-privs
  inside(`${whoAmI()}${isBound ? ' with no_new_privs' : ''}, and run root's set-user-ID program:`)
  execve('tmpfs/grep', ['grep', '-E', '^(Uid|NoNewPrivs|CapPrm):', '/proc/self/status'])
}

outside(`${whoAmI()}; my host name is ${hostname()}.`)
// #region user-namespace
const pid = clone(child, CLONE_NEWUSER | SIGCHLD)
// #endregion user-namespace
isNobody.wait()
outside(`The user namespace of PID ${pid} belongs to user ${userNamespaceOwner(pid)}. I write its map, by ${maps.by}.`)
note(whyNoRange(maps))
// #region map
giveIdMaps(pid, maps)
// #endregion map
isMapped.open()
hasMade.wait()
outside(`To me it is user ${realUser(pid)}, and its file belongs to user ${statSync('file').uid}.`)
isSeen.open()
const status = waitpid(pid)
folder.remove()
outside(`The child ${describeEnd(status)}; my host name is still ${hostname()}.`)
process.exitCode = shellCode(status)
