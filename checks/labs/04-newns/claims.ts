/**
 * Lab 4: a shell in a root of its own, by its namespaces, its root directory, its /proc, its network, and by what comes
 * of commands typed at its terminal.
 */
import type { Link } from '../../../lib/net/links.ts'
import { HOST_NAME } from '../../sandbox/plan.ts'
import type { ContainerMoment } from '../../witnesses/container.ts'
import { type Asked, NOT_AS_TYPED } from '../../witnesses/conversation.ts'
import { CODES } from '../../witnesses/shell/lines.ts'
import type { ProcThere } from '../../witnesses/shell/spot.ts'
import type { Checker, Objection } from '../claim.ts'
import { childrenOf, unless, unlessUnderWay } from '../claim.ts'
import { FIVE, lasts, moments, newOnes, type Seen, shellMoments } from './moments.ts'

const OUTSIDE = '10.0.0.13'
const INSIDE = '10.0.0.15'
const NAME = 'myhost'
const SEE_PROC = 'check on the machine itself, or in a container that may look into the processes of its children'

/**
 * Whether PID 1 of that PID namespace was made by somebody who stayed outside of it. That may be in a namespace below the
 * one in which the program was started.
 */
function hasInit(seen: Seen, { namespaces }: ContainerMoment): boolean {
  const processes = [...seen.processes.values()]
  const init = processes.find(({ numbers, birth }) => numbers.at(-1) === 1 && birth.namespaces.pid === namespaces.pid)
  const creator = init && seen.processes.get(init.creator)
  return creator !== undefined && creator.birth.namespaces.pid !== namespaces.pid
}

const hasAddress = ({ addresses }: Link, address: string) => addresses.some(entry => entry.split('/')[0] === address)

/** Whether both ends of one veth pair are up and have their addresses. */
function isConnected({ links, outside }: ContainerMoment): boolean {
  const inner = links.find(link => link.kind === 'veth' && link.peerIsElsewhere && hasAddress(link, INSIDE))
  const outer = outside.links.find(({ kind, index, peerIndex }) => {
    return kind === 'veth' && index === inner?.peerIndex && peerIndex === inner.index
  })
  return inner?.isUp === true && outer?.isUp === true && hasAddress(outer, OUTSIDE)
}

const describeLinks = (links: readonly Link[]) =>
  links.map(({ name, isUp, addresses }) => [name, isUp ? 'up' : 'down', ...addresses].join(' ')).join(', ') || 'nothing'

/** A claim about the container at every moment at which its shell read a line. It cannot hold where there is none. */
function about(seen: Seen, claim: (moment: ContainerMoment) => Objection | undefined): Objection | undefined {
  const all = moments(seen)
  // A container in which nobody has read a line may still be made what it has to be.
  const isOpen = shellMoments(seen).length === 0
  const refuted = all.map(claim).find(objection => objection !== undefined)
  if (all.length > 0) return unlessUnderWay(seen, 'a shell that reads the terminal', refuted, isOpen)
  // Nobody kills them but the program: before the judge ends one that takes too long it looks at all who are there.
  const wasThere = childrenOf(seen).some(({ birth }) => birth.namespaces.pid !== seen.sandbox.pid)
  const where = wasThere
    ? 'every process that was born in a new PID namespace was killed, and none of them read the terminal'
    : 'every process stayed where the program was started'
  const cause = wasThere
    ? 'the container was ended by SIGKILL before it had a shell: let the shell in it end by itself'
    : 'no process lived in namespaces of its own: the flags of clone or unshare are missing, or it failed early'
  return unlessUnderWay(seen, 'a process in new namespaces', unless(false, 'a process in new namespaces', where, cause))
}

/** What is wrong with each thing that may be found at /proc. */
const PROC: Readonly<Record<ProcThere, string>> = {
  own: 'its own',
  none: 'no proc is mounted at its /proc',
  'a part': 'a part of some proc is mounted at its /proc, and not the whole',
  covered: 'in its /proc there is no process 1, or something is mounted over it',
  foreign: 'a /proc of another PID namespace',
}

interface Fault {
  readonly seen: string
  readonly cause: string
}

const NOT_READ = 'the shell does not read the terminal, runs outside, or had ended before it was asked'

/** What is wrong with the reading and the answer of one question. */
function faultOf(seen: Seen, asked: Asked, before: Asked | undefined): Fault | undefined {
  const { text, readers, answeredBy: shell, guessed, flaw } = asked
  const line = text.trimEnd().replaceAll('\n', '⏎')
  const last = readers.at(-1)
  if (!last) return { seen: `nobody read ${line} from a terminal`, cause: NOT_READ }
  const inside = shell ?? readers.findLast(({ where }) => where !== 'outside')
  if (!inside || inside.where === 'outside') {
    const whose = shell ? ', and what it started ended as was asked' : ''
    return { seen: `${line} was read outside, by ${last.program}${whose}`, cause: NOT_READ }
  }
  if (guessed !== undefined)
    return {
      seen: `after ${line} was read, a process ended with ${guessed}, which nobody had asked for`,
      cause: `codes are tried instead of lines being understood (codes from ${CODES.lowest} to ${CODES.highest - 1} are for what is typed)`,
    }
  if (!shell) {
    const how = flaw === undefined ? 'and nothing it started ended as was asked' : `and was answered ${flaw}`
    return {
      seen: `${line} was read inside, by ${inside.program}, ${how}`,
      cause:
        flaw === NOT_AS_TYPED
          ? 'whoever passes the lines on adds some of their own: each has to reach the shell as it was typed'
          : 'what reads the terminal is no shell',
    }
  }
  // Of another root than ./fs, the claim about the root speaks.
  if (!inside.where.runsOwnProgram && inside.where.root === seen.fs)
    return {
      seen: `${line} was read inside, but by ${inside.program}, which is no file of ./fs as it was when the program started`,
      cause: "the shell has to be the root file system's own: /bin/sh as it was there",
    }
  if (before?.answeredBy && before.answeredBy.pid !== shell.pid)
    return {
      seen: `${line} was read by another process than the line before it`,
      cause: 'each line is given to a shell of its own',
    }
  return undefined
}

export const checker: Checker<Seen> = [
  {
    title: 'the shell lives in five new namespaces: PID, network, mount, UTS and IPC',
    section: 'five-namespaces',
    refute: seen =>
      about(seen, moment => {
        const fresh = newOnes(seen, moment)
        return unless(
          fresh.length === FIVE.length && hasInit(seen, moment),
          'all five differ by inode from those outside, and PID 1 of the new one was made from outside',
          `new: ${fresh.join(', ') || 'none'}; the same as outside: ${FIVE.filter(kind => !fresh.includes(kind)).join(', ') || 'none'}`,
          'a CLONE_NEW flag is missing, or unshare(CLONE_NEWPID) was called and no child came after it',
        )
      }),
  },
  {
    title: "its root is ./fs, and not the machine's",
    section: 'new-root',
    refute: seen =>
      about(seen, ({ root, rootPath, isInRoot }) =>
        seen.fs === undefined || root === ''
          ? { missing: "where ./fs and the shell's root are, by /proc/PID/cwd and /proc/PID/root", remedy: SEE_PROC }
          : unless(
              root === seen.fs && isInRoot,
              '/proc/PID/root is the directory ./fs, by device and inode, and /proc/PID/cwd lies in it',
              `${root === seen.fs ? './fs' : `another directory: ${rootPath}`}${isInRoot ? '' : ', and a working directory outside of it'}`,
              'chroot or pivot_root is missing, went to another directory, or no chdir("/") came after it',
            ),
      ),
  },
  {
    title: `its host name is ${NAME}`,
    section: 'host-name',
    refute: seen =>
      about(seen, ({ hostName }) =>
        unless(hostName === NAME, NAME, hostName, 'sethostname was not called inside, or with another name'),
      ),
  },
  {
    title: '/proc inside shows its own PID namespace',
    section: 'own-proc',
    refute: seen =>
      about(seen, ({ proc }) =>
        unless(
          proc === 'own',
          'a mount of type proc at its /proc, whose process 1 is PID 1 of its own PID namespace',
          PROC[proc],
          "proc was not mounted, or the machine's was bound there, or it was mounted before the new PID namespace was",
        ),
      ),
  },
  {
    title: `${OUTSIDE} is on the outer end of a veth pair and ${INSIDE} on the inner one, and both are up`,
    section: 'inner-addresses',
    refute: seen =>
      about(seen, moment =>
        unless(
          isConnected(moment),
          `${INSIDE} inside, ${OUTSIDE} outside, on the two ends of one pair, both up`,
          `inside: ${describeLinks(moment.links)}; outside: ${describeLinks(moment.outside.links)}`,
          'an address was set in the wrong namespace, an end is down, or the interfaces are no pair',
        ),
      ),
  },
  {
    title: 'commands typed at the terminal are answered from inside',
    section: 'a-shell',
    refute: seen => {
      const { asked, planned, isOpen } = seen.typed
      if (planned === 0)
        return { missing: 'its terminal: nothing could be typed there', remedy: 'mount devpts on this machine' }
      const faults = asked.map((each, i) => faultOf(seen, each, asked[i - 1]))
      const fault = faults.find(one => one !== undefined)
      const last = asked.at(-1)
      // Nobody had given up yet when time was up: the answer may still have come.
      const isUnderWay = seen.timedOut !== undefined && isOpen && !last?.answeredBy && last?.guessed === undefined
      if (isUnderWay && faults.slice(0, -1).every(one => one === undefined))
        return {
          missing: `an answer to line ${asked.length} of ${planned}: the program did not end in ${seen.timedOut} s, and by then had been seen: ${fault?.seen}`,
          remedy: 'let the program end by itself, or give it more time with --timeout',
        }
      const example = asked[0]?.text.trim()
      return unless(
        fault === undefined && asked.length === planned,
        `${planned} lines such as ${example}: one shell of ./fs inside reads each from the terminal and does it`,
        fault?.seen ?? `${asked.length} of them were typed before the program ended`,
        fault?.cause ?? 'the shell ended early',
      )
    },
  },
  {
    title: 'outside, mounts and host name are what they were',
    section: 'private-mounts',
    refute: seen =>
      about(seen, ({ outside: { hostName, mounts } }) => {
        const leaked = mounts.filter(mount => !seen.mountsBefore.includes(mount) && lasts(seen, mount))
        const changed = hostName === HOST_NAME ? [] : [`host name ${hostName}`]
        return unless(
          leaked.length + changed.length === 0,
          `no new mount, and the host name ${HOST_NAME}`,
          [...leaked.map(mount => `mount ${mount}`), ...changed].join('; '),
          'mounts of the new namespace still propagate (make / private first), something is mounted outside, or the name was set before CLONE_NEWUTS',
        )
      }),
  },
]
