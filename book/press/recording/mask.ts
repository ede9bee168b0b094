/**
 * Two recordings of one session are never equal: PIDs, inodes and times differ. This file names what may differ.
 * Numbers must still correspond: one PID of the recording stands for one PID of the run, everywhere.
 */
import { INITIAL_PID_NAMESPACE } from '../../../lib/machine/container.ts'
import { namespaces } from '../../../lib/namespaces.ts'

/** What may differ without a meaning, and what is compared in its place. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/g, 'MAC'],
  // A port that the kernel has chosen, behind an address.
  [/\b((?:\d{1,3}\.){3}\d{1,3}):[3-6]\d{4}\b/g, '$1:PORT'],
  // The link-local address and the state UP appear some time after the interface was set up.
  [/\s*\bfe80::[0-9a-f:]+(?:\/\d+)?/g, ''],
  [/^(\S+@\w+\s+)(?:UP|UNKNOWN)\b/g, '$1UP'],
  [/\binode \d+/g, 'inode N'],
  [/\btime=[\d.]+ ms/g, 'time=T ms'],
  [/\btime \d+ms/g, 'time Tms'],
  [/^(rtt|round-trip) .*$/g, '$1 T'],
  // The scale below a strip of ticks.
  [/\d+ s(?:\s+\d+ s)+$/g, 'SCALE'],
  [/\b\d+(?:\.\d+)? ?(?:s|ms|µs|us)\b/g, 'T'],
  [/\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?/g, 'DATE'],
  [/\b\d\d:\d\d:\d\d\b/g, 'CLOCK'],
  [/\b(total-vm|anon-rss|file-rss|shmem-rss|pgtables):\d+kB/g, '$1:NkB'],
  [/\b(nodemask|cpuset|mems_allowed)=[^,]*/g, '$1=X'],
  [/\b(Linux )\d+\.\d+[\w.-]*/g, '$1V'],
  [/\b(Node v?)\d+\.\d+\.\d+/g, '$1V'],
  [/\bruns \d+ more threads/g, 'runs N more threads'],
  [/\bticked \d+ times/g, 'ticked N times'],
  // In how many steps it dies is compared; by how much it misses the next one depends on where it begins.
  [/(?<=\/ 1,003,520 = \d+)\.\d\d\./g, '.NN.'],
  // How often the limit was in the way, in memory.events.
  [/^max [1-9]\d{0,3}$/g, 'max N'],
  // From here on: what differs from one distribution, or one release of it, to the next.
  [/\bBusyBox v[\d.]+ \([^)]*\)/g, 'BusyBox V'],
  // The busybox of 2025 names the line of a script, also of the one behind -c.
  [/^sh: line \d+: /g, 'sh: '],
  // In a container a group's name has the inode of the PID namespace behind its owner's number.
  [/(\bcontainers-from-clone\.[\w-]+\.\d+)@\d+/g, '$1'],
  // A newer ip looks into /proc itself and words the error differently.
  [
    /^(?:RTNETLINK answers: No such process|Error: argument "\d+" is wrong: Invalid "netns" value)$/g,
    'NO SUCH NETWORK',
  ],
  // The coreutils of 2025 leave the folder of their name out.
  [/^\/bin\/(mknod: )/g, '$1'],
  // Which folders of libraries a root has depends on the processor, and on where its shell comes from.
  [/ \/lib(?:32|64|x32)?(?= |$)/g, ''],
  // The chapter says of which package a range takes a program, and a small system lacks it.
  [/\bthe program newuidmap \(package uidmap\) and /g, ''],
  // The chapter says that the newer one is no program of its shell.
  [/\{(\w+)\} sh\b/g, '$1'],
  // The name of Node's main thread depends on its version.
  [/\btask=(?:node|MainThread)\b/g, 'task=node'],
  [/\bKilled process (\d+) \((?:node|MainThread)\)/g, 'Killed process $1 (node)'],
  // The kernel's log has PIDs of the initial namespace, which are not known inside a container.
  ...(namespaces().pid === INITIAL_PID_NAMESPACE ? [] : [[/(?<=\btask=\w+,pid=|\bKilled process )\d+/g, 'P'] as const]),
  // A digest of a layer tells of the busybox in it, and of the day on which it was made.
  [/\b(more|small|base) [0-9a-f]{12}\b/g, '$1 DIGEST'],
  // How many depends on the compiler and the processor; that it is any or none does not.
  [/\b[1-9] KiB of my neighbours/g, 'N KiB of my neighbours'],
  // The chapter says of which C libraries, and that it is chance.
  [/^(?:hangs|comes through)$/g, 'HANGS OR COMES THROUGH'],
]
/** The newer ip ends its complaint with an empty line. */
const withoutGaps = (lines: readonly string[]) =>
  lines.filter((line, i) => line !== '' || !/^Error: argument ".*" is wrong: /.test(lines[i - 1] ?? ''))

const BAR = /\[#*\.*\]/g
/** A gap in a strip of ticks. It must be there, while into which columns the ticks fall is chance. */
const GAP = /\.{8,}/

const strip = (ticks: string) => ticks.replace(/[|.]{20,}/g, part => (GAP.test(part) ? 'TICKS GAP TICKS' : 'TICKS'))

/** A line with everything that may differ taken out; blanks only separate. */
export function masked(line: string): string {
  const drawn = strip(line.replace(BAR, '[BAR]'))
  return MASKS.reduce((text, [what, name]) => text.replace(what, name), drawn)
    .replace(/\s+/g, ' ')
    .trim()
}

/** By how much a number of bytes may differ, because the kernel charges memory in lots for each processor. */
const LOTS = 4 * 64 * 4096
const PAGE = 4096
const FIRST_NAMESPACE = 4026531830
const bytesOf = (word: string) => (/^\d{1,3}(?:,\d{3})+$/.test(word) ? Number(word.replaceAll(',', '')) : Number.NaN)
const isNear = (one: number, other: number) => one % PAGE === 0 && other % PAGE === 0 && Math.abs(one - other) <= LOTS

/** Compares a recording with a run of the same session. */
export class Comparison {
  readonly #names = new Map<string, string>()
  readonly #taken = new Map<string, string>()
  readonly #isPid: (number: number) => boolean

  /** @param pids those of the run lie between these two; the numbers may have wrapped around */
  constructor([first, last]: readonly [number, number]) {
    this.#isPid = number => (first <= last ? number >= first && number <= last : number >= first || number <= last)
  }

  /** Whether two lines say the same. */
  isSame(recorded: string, seen: string): boolean {
    const [before, now] = [recorded, seen].map(line => masked(line).split(/(\d[\d,]*\d|\d)/))
    if (before?.length !== now?.length) return false
    return (before ?? []).every((word, i) => this.#isSameWord(word, now?.[i] ?? ''))
  }

  #isSameWord(recorded: string, seen: string): boolean {
    const number = Number(seen)
    const isName = /^\d+$/.test(recorded) && (this.#isPid(number) || number >= FIRST_NAMESPACE)
    if (isName && number >= FIRST_NAMESPACE === Number(recorded) >= FIRST_NAMESPACE) return this.#rename(recorded, seen)
    return recorded === seen || isNear(bytesOf(recorded), bytesOf(seen))
  }

  /** Whether one number can be the other's: each has one counterpart. */
  #rename(recorded: string, seen: string): boolean {
    const [known, owner] = [this.#names.get(recorded), this.#taken.get(seen)]
    if (known === undefined && owner === undefined) {
      this.#names.set(recorded, seen)
      this.#taken.set(seen, recorded)
      return true
    }
    return known === seen && owner === recorded
  }

  /** The first line that differs; `undefined` if none does. */
  difference(recorded: readonly string[], printed: readonly string[]) {
    const seen = withoutGaps(printed)
    for (let at = 0; at < Math.max(recorded.length, seen.length); at++) {
      const [before, now] = [recorded[at], seen[at]]
      if (before === undefined || now === undefined || !this.isSame(before, now)) return { at, before, now }
    }
    return undefined
  }
}
