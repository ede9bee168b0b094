/**
 * The places of the matrix: this machine, virtual machines, containers, and a login session.
 */
import { type Knob, text } from '../../lib/lab/knobs.ts'
import { LABS } from '../../lib/lab/manifest.ts'
import { CONTAINER_PLACES, type ContainerPlace } from './containers.ts'

/** The option for which of the right and wrong programs are tried. */
export const THOSE = text('with --programs: only those with this word in their path', 'a word', 'WORD')

/** The option for which labs are tried, by their numbers; `undefined` for all. */
export const CHOSEN_LABS: Knob<readonly number[] | undefined> = {
  initial: undefined,
  help: 'only these labs',
  expected: 'numbers of labs such as 7,8',
  placeholder: 'NUMBERS',
  parse: given => {
    const chosen = /^\d+(,\d+)*$/.test(given) ? given.split(',').map(Number) : []
    const isLab = (one: number) => LABS.some(({ number }) => number === one)
    return chosen.length > 0 && chosen.every(isLab) ? chosen : undefined
  },
}

/** Where labs and checks are tried. */
export interface Place {
  readonly name: string
  /** Options of `npm run vm`; without them it is this machine. */
  readonly vm?: readonly string[]
  /** The guest has a processor, and so programs, of its own. */
  readonly isOther?: boolean
  readonly isOrdinary?: boolean
  readonly container?: ContainerPlace
  /** In the guest a Debian is booted whose systemd logs an ordinary user in. */
  readonly isSystemd?: boolean
  readonly programs?: boolean
}

/** The processor that this machine does not have. */
const OTHER_ARCH = process.arch === 'arm64' ? 'x64' : 'arm64'
type Layout = 'v2' | 'v1' | 'hybrid'

/** A guest with a kernel of Debian's archive. */
function guest(
  kernel: string,
  cgroup: Layout,
  more: { readonly isOrdinary?: true; readonly programs?: true } = {},
): Place {
  const { isOrdinary, programs } = more
  const name = `Linux ${kernel}, ${cgroup}, ${isOrdinary ? 'ordinary user' : 'root'}`
  const vm = ['--kernel', kernel, '--cgroup', cgroup, ...(isOrdinary ? ['--user'] : [])]
  return { name, vm, ...(programs && { programs }) }
}

const otherGuest = (cgroup: Layout): Place => ({
  name: `Linux on ${OTHER_ARCH}, ${cgroup}, root`,
  vm: ['--arch', OTHER_ARCH, '--cgroup', cgroup],
  isOther: true,
})

/** The rows of the table, in its order. */
export const PLACES: readonly Place[] = [
  { name: 'this machine, root', programs: true },
  { name: 'this machine, ordinary user', isOrdinary: true },
  guest('5.10', 'v2'),
  guest('5.10', 'v2', { isOrdinary: true }),
  guest('5.10', 'v1'),
  guest('6.1', 'v2', { programs: true }),
  guest('6.1', 'v2', { isOrdinary: true }),
  guest('6.1', 'v1'),
  guest('6.1', 'v1', { isOrdinary: true }),
  guest('6.1', 'hybrid'),
  guest('6.12', 'v2'),
  guest('7', 'v2'),
  otherGuest('v2'),
  otherGuest('v1'),
  // Its groups come from the user's own manager, and what QEMU imitates may take long.
  {
    name: 'Debian 12, user session of systemd',
    vm: ['--cgroup', 'v2', '--memory', '3G', '--patience', '900'],
    isSystemd: true,
  },
  ...CONTAINER_PLACES.map(container => ({ name: container.name, container })),
]
