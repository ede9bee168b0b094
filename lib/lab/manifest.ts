/**
 * The one list of the labs: the runner of labs, the checkers and the book's contents all read it.
 */
import { UsageError } from '../errors.ts'
import type { Controller } from '../group/hierarchies.ts'
import type { Privilege } from '../rights/privileges.ts'
import { slugOf, unknownLab } from './lab-names.mjs'

/**
 * What a lab needs: privilege over new `namespaces`, over a `network`, over `mounts` with a /proc of their own;
 * a program, ping with the raw socket that it takes, nft with the rules that it sets; kcmp(2); overlays; user
 * namespaces, which it makes itself, whoever runs it; control groups with a controller.
 */
export type Need = Privilege | 'ip' | 'ping' | 'nft' | 'kcmp' | 'overlay' | 'user-namespaces' | Controller

/** Whether a lab needs what root has. */
export const takesRoot = ({ needs }: Pick<Lab, 'needs'>): boolean =>
  needs.some(need => need !== 'kcmp' && need !== 'user-namespaces')

/** Whether a need is a controller of control groups. */
export const isController = (need: Need): need is Controller => need === 'memory' || need === 'freezer'

/** One lab. */
export interface Lab {
  /** Its number, from 1. */
  readonly number: number
  /** The name shared by its program, checker and chapter, `03-newnet`. */
  readonly slug: string
  readonly title: string
  /** The question it answers. */
  readonly question: string
  /** What its chapter is about, behind its title in the book's contents. */
  readonly contents: string
  readonly needs: readonly Need[]
  /** Man pages to read beside it. */
  readonly manPages: readonly string[]
}

export const LABS: readonly Lab[] = [
  {
    number: 1,
    slug: '01-fork-vs-clone',
    title: 'fork against clone',
    question: 'What does a child share with its parent, and what does it copy?',
    contents: 'what a child shares with its parent, and what it copies.',
    needs: ['kcmp'],
    manPages: ['fork(2)', 'clone(2)', 'kcmp(2)', 'proc(5)'],
  },
  {
    number: 2,
    slug: '02-newpid',
    title: 'A PID namespace',
    question: 'Who is PID 1, and whom can it kill?',
    contents: 'who is PID 1, and whom it can kill.',
    needs: ['namespaces'],
    manPages: ['pid_namespaces(7)', 'clone(2)', 'kill(2)', 'waitpid(2)'],
  },
  {
    number: 3,
    slug: '03-newnet',
    title: 'A network namespace',
    question: 'What does an empty network look like, and how does one reach out of it?',
    contents: 'an empty network, and the way out of it.',
    needs: ['namespaces', 'network', 'ip', 'ping'],
    manPages: ['network_namespaces(7)', 'veth(4)', 'netdevice(7)', 'ip-link(8)', 'ping(8)'],
  },
  {
    number: 4,
    slug: '04-newns',
    title: 'A root of its own',
    question: 'What is left of the machine when a shell has its own root, host name, processes and network?',
    contents: 'a shell with its own root directory, host name, processes and network. The container.',
    needs: ['namespaces', 'network', 'mounts', 'ip'],
    manPages: ['mount_namespaces(7)', 'uts_namespaces(7)', 'chroot(2)', 'pivot_root(2)', 'mount(2)', 'pty(7)'],
  },
  {
    number: 5,
    slug: '05-memory-oom',
    title: 'The memory cgroup',
    question: 'What happens to a process that wants more memory than its group may have?',
    contents: 'what happens to a process that wants more memory than its group may have.',
    needs: ['memory'],
    manPages: ['cgroups(7)', 'malloc(3)', 'signal(7)'],
  },
  {
    number: 6,
    slug: '06-freezer',
    title: 'The freezer cgroup',
    question: 'What does a process notice of being frozen?',
    contents: 'what a process notices of being frozen.',
    needs: ['freezer'],
    manPages: ['cgroups(7)', 'signal(7)', 'proc_pid_status(5)'],
  },
  {
    number: 7,
    slug: '07-userns',
    title: 'A user namespace',
    question: 'Root of what?',
    contents: 'root of what: users and their maps, and what root consists of.',
    needs: ['user-namespaces'],
    manPages: ['user_namespaces(7)', 'capabilities(7)', 'newuidmap(1)', 'capset(2)', 'PR_SET_NO_NEW_PRIVS(2const)'],
  },
  {
    number: 8,
    slug: '08-layers',
    title: 'Layers',
    question: 'Where do the writes go?',
    contents: 'where the writes of a container go: layers, a root without a way back, volumes.',
    needs: ['namespaces', 'mounts', 'overlay'],
    manPages: ['mount(2)', 'mount_namespaces(7)', 'pivot_root(2)', 'umount2(2)', 'mknod(2)', 'xattr(7)', 'chroot(2)'],
  },
  {
    number: 9,
    slug: '09-bridge',
    title: 'A network with neighbours',
    question: 'How does the answer find its way back?',
    contents: 'a bridge, names, NAT and a published port: how the answer finds its way back.',
    needs: ['namespaces', 'network', 'nft'],
    manPages: ['veth(4)', 'rtnetlink(7)', 'bridge(8)', 'nft(8)', 'resolv.conf(5)', 'hosts(5)'],
  },
]

/**
 * The lab that a reader means by `lab3`, `3`, `03`, `newnet` or `03-newnet`.
 * @throws UsageError that lists the labs
 */
export function findLab(name: string): Lab {
  const slugs = LABS.map(({ slug }) => slug)
  const wanted = slugOf(name, slugs)
  const found = LABS.find(({ slug }) => slug === wanted)
  if (found) return found
  throw new UsageError(unknownLab(name, slugs))
}
