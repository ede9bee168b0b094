/**
 * The exercises of lab 3.
 */
import { type Exercise, titlesOf } from '../exercise.ts'
import { checker, type Seen } from './claims.ts'
import { INSIDE, OUTSIDE } from './pings.ts'
import { endProof, hasPassed, hasPinged, isAcross } from './proofs.ts'

const [NET, LINKS, , ADDRESSES, PING] = titlesOf(checker)

export const exercises: readonly Exercise<Seen>[] = [
  {
    region: 'own-network',
    task: "Make the child's network its own.",
    given: 'clone(child, flags) returns the PID of the child, which the rest of the program needs.',
    claim: NET,
    blank: task => `const pid = openTask<number>(${task})`,
    hints: [
      'A child that is forked lives in the network of its parent. Which flag of clone(2) gives it a new one?',
      'The flag is CLONE_NEWNET, see network_namespaces(7). SIGCHLD has to go with it, or waitpid() finds nobody.',
      'const pid = clone(child, CLONE_NEWNET | …): the signal is what is missing.',
    ],
    seen: [
      { when: /ECHILD/, hints: ['waitpid() found no child: without SIGCHLD it is not told of this one.'] },
      {
        when: /every process stayed in the network/,
        hints: ['There is a child, but it lives in your own network: CLONE_NEWNET is not among the flags.'],
      },
    ],
  },
  {
    region: 'lay-the-pair',
    task: "Lay a veth pair whose inner end is born in the child's network.",
    proof: isAcross,
    given: 'await $`…` runs a command. The names of the ends are veth and peer, and pid is the child.',
    claim: LINKS,
    blank: task => `openTask(${task})`,
    hints: [
      'The command is ip link add, the type veth. An end need not be born where the command runs: see ip-link(8).',
      'ip link add NAME type veth peer name PEER makes both ends here. Behind the peer goes where it is born: netns PID.',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the reader writes the template.
      'await $`ip link add ${veth} type veth peer name ${peer} netns …`, with the number of somebody who lives there.',
    ],
    seen: [
      {
        when: /File exists|already exists/,
        hints: ['That name is taken here: both ends were born in your network, or the pair was laid twice.'],
      },
      {
        when: /failed \(.*\): .*\bundefined\b/,
        hints: [
          'A word of that command is "undefined": the variable in it has no value. The PID is what clone() returned.',
        ],
      },
      {
        when: /a command of the program failed/,
        hints: [
          'ip refused the command; its reason is among what was printed. Compare the order of its words with ip-link(8).',
        ],
      },
      {
        when: /^lo (up|down)[^,]*$/m,
        hints: [
          'The child still has lo alone: the inner end did not arrive. Who said in which network it is born?',
          'Behind the name of the peer: netns and the PID of the child.',
        ],
      },
    ],
  },
  {
    region: 'outer-address',
    task: 'Give the outer end its address, a /24, and set it up.',
    proof: endProof('outer', OUTSIDE, 'Two commands: ip address add …/24 dev …, and ip link set … up.'),
    given: 'Two commands of ip(8): one for the address, one for the link. The address is outerAddress.',
    claim: ADDRESSES,
    blank: task => `openTask(${task})`,
    hints: [
      'An interface is born down and without an address. ip address adds the one, ip link changes the other.',
      'ip address add ADDRESS/24 dev NAME, and then ip link set NAME up.',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the reader writes the template.
      'await $`ip address add ${outerAddress}/24 dev ${veth}`, and a second one with ip link set … up.',
    ],
    seen: [
      {
        when: /not running after/,
        hints: [
          'The inner end waits until the pair can carry packets, and that takes both ends: set the outer one up.',
        ],
      },
      {
        when: /outside:.* 10\.0\.0\.3\/32/,
        hints: [
          'The outer end has 10.0.0.3 alone, a /32: so nobody else is on its wire, and the kernel knows no way to 10.0.0.4.',
          'Behind the address stands how many of its bits are the network: /24 are the first three numbers.',
        ],
      },
      {
        when: /outside:.*veth\S* up(?! 10\.0\.0\.3)/,
        hints: ['The outer end is up but has not the address 10.0.0.3. Is it on the right interface?'],
      },
      {
        when: /Cannot find device|does not exist/,
        hints: ['ip found no such interface: the outer end is called veth, the inner one is not in this network.'],
      },
    ],
  },
  {
    region: 'open-the-gate',
    task: 'Open the gate for the child, now that the pair stands.',
    proof: hasPassed,
    given: 'The child waits at vethIsUp.',
    claim: ADDRESSES,
    blank: task => `openTask(${task})`,
    hints: [
      'The child stands at vethIsUp.wait(). A sleep would only guess how long that takes: who knows when it may go on?',
      'You do: the outer end is up by now. A gate has two sides, wait and open.',
      'vethIsUp.… on this side.',
    ],
    seen: [
      {
        when: /still running after/,
        hints: ['Parent and child wait for each other: nobody has opened vethIsUp, and you are in waitpid() already.'],
      },
      {
        when: /gate: it was closed/,
        hints: ['The child waited at a gate that nobody opened, and then you were gone.'],
      },
      {
        when: /gate: it cannot be/,
        hints: ['childHasSpoken has had its turn: the child opened it, and you waited. It stands at vethIsUp now.'],
      },
    ],
  },
  {
    region: 'inner-address',
    task: 'Give the inner end its address, a /24, and set it up.',
    proof: endProof('inner', INSIDE, "setip(peer, innerAddress, '255.255.255.0') does all of it."),
    given: "setip(name, address, netmask) of lib/net/interfaces.ts does all of it; the child's end is peer.",
    claim: ADDRESSES,
    blank: task => `openTask(${task})`,
    hints: [
      'The child sets up its own end, from inside: outside, nobody can see it any more.',
      'setip() sets address, netmask and the flag up at once. A /24 is the netmask 255.255.255.0.',
      'setip(peer, innerAddress, …): the netmask comes last, as four numbers.',
    ],
    seen: [
      {
        when: /ioctl\(.*\bveth0\b.*ENODEV/,
        hints: [
          'veth0 is the outer end, and it is not in here: it was set up outside. In here the end is peer, with innerAddress.',
        ],
      },
      {
        when: /ENODEV/,
        hints: ['In this network is no interface of that name: has the gate been opened before the pair was laid?'],
      },
      {
        when: /inside:.* 10\.0\.0\.4\/32/,
        hints: ['The netmask says that nobody else is on the wire, 255.255.255.255. A /24 is another one.'],
      },
      { when: /inside:.*veth1 down/, hints: ['The inner end is there but down: setip(peer, …) sets it up.'] },
      {
        when: /inside:.*veth1 up(?! 10\.0\.0\.4)/,
        hints: ['The inner end is up with another address than 10.0.0.4, which is innerAddress.'],
      },
    ],
  },
  {
    region: 'ping',
    task: 'Ping the outer end three times from inside.',
    proof: hasPinged,
    given:
      "show(program, …arguments), below, runs a program in here and returns its exit code: it is the child's, too.",
    claim: PING,
    blank: task => `const code = openTask<number>(${task})`,
    hints: [
      'ping(8) sends as many requests as -c says, to an address that is not its own.',
      "The outer end is at outerAddress. An address of the child's own would be answered by lo, without the pair.",
      "const code = show('ping', '-c', '3', …): the address comes last, and '-i', String(knobs.interval) sets the pace.",
    ],
    seen: [
      {
        when: /exec\w*\("[^"\s]+ [^"]*"/,
        hints: [
          "show() takes the program and each of its arguments as words of their own: show('ping', '-c', '3', …).",
        ],
      },
      {
        when: /^PING 10\.0\.0\.4 /m,
        hints: [
          "That is the child's own address, which never leaves its network: ping that of the other end, outerAddress.",
        ],
      },
      {
        when: /^PING (?!10\.0\.0\.3[ )])/m,
        hints: ['That ping went to another address than 10.0.0.3, at which the outer end is: outerAddress.'],
      },
      {
        when: /^0 requests went from inside to outside/m,
        hints: [
          'Not one request crossed the pair. An address of its own the child reaches by lo: ping that of the other end.',
        ],
      },
      {
        when: /^[12] requests/m,
        hints: ['Fewer than three requests have gone out: -c is how many.'],
      },
      {
        when: /^[1-9]\d* requests went from inside to outside, 0 replies/m,
        hints: ['Requests went out and no answer came: the child ended, or was ended, before it was there.'],
      },
    ],
  },
]
