/**
 * The exercises of lab 4.
 */
import type { Proof } from '../exercise.ts'
import { type Exercise, titlesOf } from '../exercise.ts'
import { checker } from './claims.ts'
import { container, type Seen } from './moments.ts'

const [NAMESPACES, ROOT, NAME, PROC, ENDS, , VISIBLE] = titlesOf(checker)

/** Both interfaces that the shell needs, when it reads its first line. */
function isInside(seen: Seen): Proof {
  const { links = [], namespaces } = container(seen) ?? {}
  const inner = links.find(({ name }) => name === 'veth1')
  const lo = links.find(({ name }) => name === 'lo')
  if (namespaces === undefined || !inner || !lo) return undefined
  const has = (link: typeof lo, address: string) => link.isUp && link.addresses.includes(address)
  if (has(lo, '127.0.0.1/8') && has(inner, '10.0.0.15/24')) return true
  if (!inner.isUp && inner.addresses.length === 0 && !lo.isUp) return undefined
  if (!has(lo, '127.0.0.1/8'))
    return "lo has not its address, or is down: setip('lo', '127.0.0.1', '255.0.0.0') comes beside that of veth1."
  return `veth1 ${inner.isUp ? 'is up' : 'is down'} and has ${inner.addresses.join(' and ') || 'no address'}: setip('veth1', innerAddress, '255.255.255.0').`
}

export const exercises: readonly Exercise<Seen>[] = [
  {
    region: 'five-namespaces',
    task: 'Create the child in five new namespaces: mounts, host name, IPC, processes and network.',
    given: 'The flags are F.CLONE_NEW…, combined by |, and the signal F.SIGCHLD goes with them.',
    claim: NAMESPACES,
    blank: task => `const pid = openTask<number>(${task})`,
    hints: [
      'One call makes all five. namespaces(7) has a table of the kinds and their flags; the host name belongs to UTS.',
      'CLONE_NEWNS (the first there was, hence the name: mounts), CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET.',
      'const pid = clone(child, F.CLONE_NEWNS | F.CLONE_NEWUTS | … | F.SIGCHLD): three more between them.',
    ],
    seen: [
      {
        when: /the same as outside: (?!none)/,
        hints: ['Read in what was seen which kinds are the same as outside: for each of them a flag is missing.'],
      },
      { when: /ECHILD/, hints: ['waitpid() found no child: without F.SIGCHLD it is not told of this one.'] },
    ],
  },
  {
    region: 'private-mounts',
    task: 'Cut the new mounts off from those of the machine, before anything is mounted.',
    given: 'mount(source, target, type, flags) with MS_REC and MS_PRIVATE: the kernel then looks at the target alone.',
    claim: VISIBLE,
    stopsAt: ROOT,
    blank: task => `openTask(${task})`,
    hints: [
      'A new mount namespace is a copy whose mounts still tell their originals: systemd makes / shared. What undoes it?',
      'A call of mount(2) that mounts nothing and changes / and all below it: MS_PRIVATE, and MS_REC for all below.',
      "mount('none', '/', null, …): the flags MS_REC and MS_PRIVATE, combined.",
    ],
    seen: [
      {
        when: /\bmount \S+/,
        hints: [
          'What you mounted inside was seen outside. / and all below it has to be private before the first mount: MS_PRIVATE alone changes one mount, MS_REC takes all those below it along.',
        ],
      },
      {
        when: /(^|; )host name \S+$/m,
        hints: ['The name changed outside: sethostname() ran before CLONE_NEWUTS, or in the parent.'],
      },
    ],
  },
  {
    region: 'new-root',
    task: 'Make the directory root the root of the child, and go there.',
    given: "chroot(root), or pivotInto(root) where knobs['pivot-root'] asks for it; process.chdir() goes there.",
    claim: ROOT,
    blank: task => `openTask(${task})`,
    hints: [
      'chroot(2) changes what / means, and nothing else. Where does the process stand afterwards?',
      'Where it stood: outside of its new root. So change directory into it.',
      "chroot(root) and then process.chdir(…); with knobs['pivot-root'] it is pivotInto(root) instead of chroot.",
    ],
    seen: [
      {
        when: /a working directory outside of it/,
        hints: ["The root is right, but the process stands outside of it: process.chdir('/') after it, not before."],
      },
      {
        when: /EPERM|ENOENT/,
        hints: ['The call that failed is among what was printed, with its reason. root is a path as you see it now.'],
      },
    ],
  },
  {
    region: 'host-name',
    task: 'Give the container the host name of knobs.hostname.',
    given: 'sethostname(name) of lib/namespaces.ts.',
    claim: NAME,
    hints: [
      'The host name belongs to the UTS namespace, and the child has one of its own. Who has to make the call?',
      'Whoever is inside: the child. The call is sethostname(2).',
      'sethostname(knobs.…).',
    ],
    seen: [
      {
        when: /./,
        hints: ['What was seen is the name inside. Set it in child(), before becomeShell(), and to knobs.hostname.'],
      },
    ],
  },
  {
    region: 'own-proc',
    task: 'Mount a /proc that shows the processes of the container.',
    given: 'mount(source, target, type): the type is the name of the file system. / is the new root by now.',
    claim: PROC,
    hints: [
      'ps asks /proc, and the one of the machine shows the processes of the machine. Whose does a new one show?',
      'Those of the PID namespace of whoever mounts it. The type is proc, the place /proc.',
      "mount('proc', …, 'proc').",
    ],
    seen: [
      {
        when: /mount\(.*proc.*\): ENODEV/,
        hints: ['ENODEV: the kernel knows no file system of that type. This one is called proc, and not procfs.'],
      },
      {
        when: /no proc is mounted/,
        hints: ['In the new root /proc is an empty directory: it was not mounted, or before the root was changed.'],
      },
      {
        when: /a \/proc of another PID namespace/,
        hints: ["That is the machine's /proc: mount a new one (type proc) instead of binding the old one."],
      },
    ],
  },
  {
    region: 'inner-addresses',
    task: 'Set up lo and the inner end veth1, with their addresses.',
    proof: isInside,
    given: 'setip(name, address, netmask). lo is 127.0.0.1 of a /8, veth1 has innerAddress of a /24.',
    claim: ENDS,
    hints: [
      'A new network is down altogether, lo included. Which of its interfaces does the shell need?',
      "Both: setip('lo', …) with 255.0.0.0, setip('veth1', …) with 255.255.255.0.",
      "setip('lo', '127.0.0.1', '255.0.0.0'), and setip('veth1', innerAddress, …).",
    ],
    seen: [
      { when: /inside:.*veth1 down/, hints: ["veth1 is there but down: setip('veth1', …) sets it up."] },
      {
        when: /ioctl\(.*\bveth0\b.*ENODEV/,
        hints: ['veth0 is the outer end, and it is not in here: the inner one is veth1, with innerAddress.'],
      },
      { when: /ENODEV/, hints: ['There is no interface of that name inside: the gate allIsLaid comes before this.'] },
    ],
  },
]
