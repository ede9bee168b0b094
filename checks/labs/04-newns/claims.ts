/**
 * Lab 4: a shell in a root of its own, by its namespaces, its root directory, its /proc, its network, and by what comes
 * of commands typed at its terminal.
 */

import type { NamespaceKind } from '../../../lib/namespaces.ts'
import type { Link } from '../../../lib/net/links.ts'
import type { Observation } from '../../observer/record.ts'
import { HOST_NAME } from '../../sandbox/plan.ts'
import type { ContainerMoment, ContainerRecord } from '../../witnesses/container.ts'
import type { TerminalRecord } from '../../witnesses/terminal.ts'
import type { Checker, Objection } from '../claim.ts'
import { childrenOf, unless } from '../claim.ts'

/** What the claims of this lab see. */
export type Seen = Observation & ContainerRecord & TerminalRecord

const OUTSIDE = '10.0.0.13'
const INSIDE = '10.0.0.15'
const NAME = 'myhost'
const SEE_PROC = 'check on the machine itself, or in a container that may look into the processes of its children'
const FIVE: readonly NamespaceKind[] = ['pid', 'net', 'mnt', 'uts', 'ipc']

const newOnes = ({ sandbox }: Seen, { namespaces }: ContainerMoment) =>
  FIVE.filter(kind => namespaces[kind] !== sandbox[kind])

/**
 * The moment that tells most about the container: one at which a typed command was answered, else the one that shows
 * most.
 */
export function container(seen: Seen): ContainerMoment | undefined {
  const answered = [...seen.typed.answers.values()].find(where => where !== 'outside')
  const weight = (moment: ContainerMoment) => newOnes(seen, moment).length * 2 + (moment.procIsOwn ? 1 : 0)
  return answered ?? [...seen.containers].sort((one, other) => weight(other) - weight(one))[0]
}

/** Whether two processes live in the same namespaces with the same root. */
function isSamePlace(one: ContainerMoment, other: ContainerMoment | undefined): boolean {
  return one.root === other?.root && FIVE.every(kind => one.namespaces[kind] === other.namespaces[kind])
}

/** Whether PID 1 of that PID namespace was made by a process outside. */
function hasInit(seen: Seen, { namespaces }: ContainerMoment): boolean {
  const processes = [...seen.processes.values()]
  const init = processes.find(({ numbers, birth }) => numbers.at(-1) === 1 && birth.namespaces.pid === namespaces.pid)
  const creator = init && seen.processes.get(init.creator)
  return creator !== undefined && creator.birth.namespaces.pid === seen.sandbox.pid
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

/** A claim about the container that cannot hold where there is none. */
function about(seen: Seen, claim: (moment: ContainerMoment) => Objection | undefined): Objection | undefined {
  const moment = container(seen)
  if (moment) return claim(moment)
  const wasThere = childrenOf(seen).some(({ birth }) => birth.namespaces.pid !== seen.sandbox.pid)
  if (wasThere)
    return {
      missing: 'the container: every process in it was killed before it could be looked at',
      remedy: 'let the shell in it end by itself',
    }
  const cause =
    'no process lived in namespaces of its own: the flags of clone or unshare are missing, or it failed early'
  return unless(false, 'a process in new namespaces', 'every process stayed where the program was started', cause)
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
    section: 'a-new-root',
    refute: seen =>
      about(seen, ({ root, isInRoot }) =>
        seen.fs === undefined || root === ''
          ? { missing: "where ./fs and the shell's root are, by /proc/PID/cwd and /proc/PID/root", remedy: SEE_PROC }
          : unless(
              root === seen.fs && isInRoot,
              `/proc/PID/root is ./fs, device and inode ${seen.fs}, and /proc/PID/cwd lies in it`,
              `${root}${isInRoot ? '' : ', and a working directory outside of it'}`,
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
    section: 'proc',
    refute: seen =>
      about(seen, ({ procIsOwn }) =>
        unless(
          procIsOwn === true,
          'PID 1 in its /proc is PID 1 of its own PID namespace',
          procIsOwn === undefined ? 'no process 1 in its /proc' : 'a /proc of another PID namespace',
          "proc was not mounted, or the machine's was bound there, or it was mounted before the new PID namespace was",
        ),
      ),
  },
  {
    title: `${OUTSIDE} is on the outer end of a veth pair and ${INSIDE} on the inner one, and both are up`,
    section: 'addresses',
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
      const { codes, answers, guessed } = seen.typed
      if (codes.length === 0)
        return { missing: 'its terminal: nothing could be typed there', remedy: 'mount devpts on this machine' }
      const where = codes.map(code => answers.get(code))
      const describe = (one: (typeof where)[number]) => {
        if (one === undefined) return 'nobody'
        if (one === 'outside' || !isSamePlace(one, container(seen))) return 'outside'
        // If the root is not ./fs, the claim about the root says so.
        return one.runsOwnProgram || one.root !== seen.fs
          ? 'inside'
          : "inside, but by a program that is not the root file system's"
      }
      const isInside = (one: (typeof where)[number]) => describe(one) === 'inside'
      return unless(
        where.every(isInside) && guessed === undefined,
        `three lines such as (exit ${codes[0] ?? 42}), each of which ends a process inside with that code`,
        `answered by: ${where.map(describe).join(', ')}${guessed === undefined ? '' : `; a process ended with ${guessed}, which nobody had typed`}`,
        guessed === undefined
          ? 'the shell does not read the terminal, runs outside, or had ended before it was asked'
          : 'codes are tried instead of lines being read (codes from 30 to 119 are for what is typed)',
      )
    },
  },
  {
    title: 'outside, mounts and host name are what they were',
    section: 'propagation',
    refute: seen =>
      about(seen, ({ outside: { hostName, mounts } }) => {
        const leaked = mounts.filter(mount => !seen.mountsBefore.includes(mount))
        const changed = hostName === HOST_NAME ? [] : [`host name ${hostName}`]
        return unless(
          leaked.length + changed.length === 0,
          `no new mount, and the host name ${HOST_NAME}`,
          [...leaked.map(mount => `mount ${mount}`), ...changed].join('; '),
          'mounts of the new namespace still propagate (make / private first), or the name was set before CLONE_NEWUTS',
        )
      }),
  },
]
