/**
 * What a checker is made of: claims about an observation.
 */
import { describeStatus } from '../../lib/status.ts'
import type { Observation, ProcessRecord } from '../observer/record.ts'
import { BOUNDS } from '../sandbox/groups.ts'

/** Why a claim does not hold. */
export interface Failure {
  readonly expected: string
  readonly seen: string
  /** The likely cause, in one sentence. */
  readonly cause: string
}

/** Why a claim can be neither refuted nor believed on this machine. */
export interface Unjudged {
  /** What could not be observed. */
  readonly missing: string
  /** What the reader can do about it. */
  readonly remedy: string
}

/** What speaks against a claim: it does not hold, or it could not be observed. */
export type Objection = Failure | Unjudged

/** Whether an objection only says that the claim could not be observed. */
export const isUnjudged = (objection: Objection): objection is Unjudged => 'missing' in objection

/** A statement about what the kernel did, given what the witnesses of its lab have seen. */
export interface Claim<Seen = Observation> {
  /** What must be so, as a sentence; also its name in every report. */
  readonly title: string
  /** Section of the lab's chapter that explains it. */
  readonly section: string
  /** What speaks against it, or `undefined` if it holds. It never holds because something could not be observed. */
  readonly refute: (seen: Seen) => Objection | undefined
}

/** The claims of one lab, in the order in which a learner meets them. */
export type Checker<Seen = Observation> = readonly Claim<Seen>[]

/** The failure of a claim, unless it holds. */
export function unless(holds: boolean, expected: string, seen: string, cause: string): Failure | undefined {
  return holds ? undefined : { expected, seen, cause }
}

/**
 * After a timeout, what may still have come is neither right nor wrong; what had been seen by then is judged.
 * @param what may still have come, `an echo request`
 * @param isOpen whether it may have: in any case while the program runs, unless what was seen speaks against it for good
 */
export function unlessUnderWay(
  { timedOut }: Observation,
  what: string,
  objection: Objection | undefined,
  isOpen = true,
): Objection | undefined {
  if (!objection || isUnjudged(objection) || timedOut === undefined || !isOpen) return objection
  return {
    missing: `${what}: the program did not end in ${timedOut} s, and by then had been seen: ${objection.seen}`,
    remedy: 'let the program end by itself, or give it more time with --timeout',
  }
}

/** The program's own process. */
export function programOf({ processes, program }: Observation): ProcessRecord {
  const record = processes.get(program)
  if (!record) throw new Error(`the observer has no record of the program (PID ${program})`)
  return record
}

/** Every process of the program but the program itself. */
export function childrenOf(seen: Observation): ProcessRecord[] {
  return [...seen.processes.values()].filter(({ pid }) => pid !== seen.program)
}

/** How many processes that did not end are named. */
const NAMED = 4

/** What those who did not end were doing when time was up, by the numbers that the program itself prints. */
function unended(seen: Observation): { readonly text: string; readonly cause: string } {
  const level = programOf(seen).numbers.length - 1
  const waits = seen.story.flatMap(({ who, what }) => (who && what.kind === 'waits' ? [{ who, ...what }] : []))
  const parts = waits.map(({ who: { pid, numbers }, call, file = '' }) => {
    const of = /^pipe:/.test(file) ? ' of a pipe' : /^socket:/.test(file) ? ' of a socket' : file && ` of ${file}`
    const how = call === 'nothing' ? 'computed' : call === 'stopped' ? 'was stopped' : `waited in ${call}()${of}`
    return `${numbers[level] ?? pid} ${how}`
  })
  const more = parts.length > NAMED ? [`and ${parts.length - NAMED} more`] : []
  return {
    text: [...parts.slice(0, NAMED), ...more].map(part => `; ${part}`).join(''),
    cause: waits.some(({ call }) => call === 'nothing')
      ? 'a loop that never ends; or it was not done yet, and --timeout gives it more time'
      : waits.some(({ call }) => call === 'stopped')
        ? 'a stop signal, such as SIGSTOP, and nobody who sends SIGCONT'
        : 'it waits for something that never comes: a gate that nobody opens, or input',
  }
}

/** How a mount of /run/netns looks among what was left. */
const NAMED_NETWORKS = /^mount \/(?:var\/)?run\/netns /

/** Why something was left, as far as that tells. */
function whyLeft(left: readonly string[]): string {
  if (left.length > 0 && left.every(each => NAMED_NETWORKS.test(each)))
    return 'ip netns add mounts /run/netns onto itself, and ip netns del leaves that mount: umount /run/netns'
  const more = left.some(each => NAMED_NETWORKS.test(each))
    ? '; the mount of ip netns add goes by umount /run/netns'
    : ''
  return `the program ended without waiting for a child or without removing what it made${more}`
}

/** Claims that hold for every lab. */
export const EVERY_LAB: Checker = [
  {
    title: 'the program ends by itself, with exit code 0',
    section: 'run-it',
    refute: seen => {
      const { status } = programOf(seen)
      const late = seen.timedOut !== undefined
      const { text, cause } = unended(seen)
      const how = late
        ? `still running after ${seen.timedOut} s, then ended${text}`
        : status
          ? describeStatus(status)
          : 'no end'
      return unless(!late && status?.code === 0, 'exit code 0', how, late ? cause : 'an error that it reports itself')
    },
  },
  {
    title: `it ran into no bound of its sandbox: ${BOUNDS.processes} processes, ${BOUNDS.memory / 1024 / 1024} MiB of memory and files`,
    section: 'run-it',
    refute: ({ hits }) =>
      unless(
        hits.length === 0,
        `no more than that, and no more than ${BOUNDS.groups} control groups`,
        hits.join('; '),
        'a loop that forks, takes memory or makes groups without end; of processes and memory the kernel refuses more',
      ),
  },
  {
    title: 'nothing is left behind: no process, interface, mount or group',
    section: 'clean-up',
    refute: ({ leftovers }) =>
      leftovers === undefined
        ? {
            missing: 'what it leaves behind: it was ended from outside, together with all it had made',
            remedy: 'let the program end by itself, or give it more time with --timeout',
          }
        : unless(leftovers.length === 0, 'the sandbox as it was before', leftovers.join('; '), whyLeft(leftovers)),
  },
]
