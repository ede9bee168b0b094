/**
 * The exercises of lab 9.
 */
import { type Exercise, titlesOf } from '../exercise.ts'
import { checker, type Seen } from './claims.ts'

const [, PORTS, ADDRESSES, NAME, , HOP, FAR, PUBLISHED] = titlesOf(checker)

export const exercises: readonly Exercise<Seen>[] = [
  {
    region: 'ports',
    task: 'Make the cables of the two containers ports of the bridge, and not that of the world.',
    given: 'setMaster(link, bridge) makes an interface a port. cables has three names: one, two, world.',
    claim: PORTS,
    blank: task => `openTask(${task})`,
    hints: [
      'A cable that ends at the machine ends there. Plugged into the bridge, it leads to whoever else is plugged in.',
      'The first two names in cables are meant: cables.slice(0, 2).',
      'for (const cable of cables.slice(0, 2)) setMaster(cable, …): which bridge?',
    ],
    seen: [
      {
        when: /its ports to other networks are none/,
        hints: ['The bridge is there, and nothing is plugged into it: setMaster(cable, bridge), for both.'],
      },
      {
        when: /its ports to other networks are \S+ \w+;/,
        hints: ['One cable is a port, and it takes two: both containers hang at the bridge.'],
      },
    ],
  },
  {
    region: 'default-route',
    task: 'Let whatever is for nobody on the wire go by the bridge.',
    given: "addRoute('default', { gateway }) adds the route, once for each family in nets.",
    claim: ADDRESSES,
    blank: task => `openTask(${task})`,
    hints: [
      'With its address and the /24 a container reaches its neighbours, and nobody else. Who knows the way to the others?',
      'The machine does, and on this wire it is the bridge: each of nets has its address, gateway.',
      "for (const { gateway } of nets) addRoute('default', …)",
    ],
    seen: [
      {
        when: /its default route goes nowhere/,
        hints: ['There is no default route: addRoute takes the word default, and an object with the gateway.'],
      },
      {
        when: /its default route goes by/,
        hints: ['There is a default route, but it goes by another address than that of the bridge, gateway.'],
      },
      {
        when: /RTM_NEWROUTE.*ENETUNREACH/,
        hints: ['The kernel does not know where that gateway is: it has to be on this wire, as the bridge is.'],
      },
    ],
  },
  {
    region: 'resolver',
    task: 'Answer for names at port 53 of the bridge.',
    given:
      'openResolver(address) listens, serveNames(socket, names) answers for ever: it wants a process of its own, and fork(child) makes one. The rest needs its PID, resolver.',
    claim: NAME,
    blank: task => `const resolver = openTask<number>(${task})`,
    hints: [
      "The second container has been told that its nameserver is the bridge's address, net.gateway. Who is there?",
      'Listen first and fork then: so nobody asks before somebody listens. names is an object: a list of addresses for each name.',
      'const resolver = fork(() => serveNames(socket, { one: nets.map(each => each.one), … }))',
    ],
    seen: [
      {
        when: /that there is no such name/,
        hints: ['The resolver answers, and does not know the name: one and two are the names in its table.'],
      },
      { when: /EADDRNOTAVAIL/, hints: ["No interface here has that address: the bridge's is net.gateway."] },
      {
        when: /no answer came/,
        hints: ['The question came to the bridge and nobody answered: does serveNames run, in a child?'],
      },
    ],
  },
  {
    region: 'forwarding',
    task: 'Let the machine forward.',
    given: 'changeSetting(name, value) writes a setting; FORWARDING lists the names.',
    claim: HOP,
    stopsAt: NAME,
    blank: task => `openTask(${task})`,
    hints: [
      'A Linux machine throws away what is not for itself, unless it is told to be a router.',
      'net.ipv4.ip_forward is the switch. See ip-sysctl in the documentation of the kernel.',
      "for (const name of FORWARDING) changeSetting(name, …): the value is a text, '1'.",
    ],
    seen: [
      {
        when: /nobody said of a packet/,
        hints: ['Nobody answered for a packet whose time was up: who does not forward has no reason to.'],
      },
    ],
  },
  {
    region: 'masquerade',
    task: 'Let what leaves the network of the bridge bear the address of the machine.',
    given: 'firewall.masquerade(subnet, bridge) writes the rule, once for each of nets.',
    claim: FAR,
    stopsAt: NAME,
    blank: task => `openTask(${task})`,
    hints: [
      'The call comes to the world. Look at the source that it bears there: to which address would you answer?',
      'The world knows nobody but the machine. Whoever leaves has to look like the machine.',
      'for (const { subnet } of nets) firewall.masquerade(subnet, …): the second is the interface that is no way out.',
    ],
    seen: [
      {
        when: /which is the container's own address/,
        hints: ["The world sees the container's own address, to which it knows no way: nothing has rewritten it."],
      },
    ],
  },
  {
    region: 'publish',
    task: 'Let a port of the machine lead to the first container.',
    given: 'firewall.publish(at, to) writes the rule; both are { address, port }.',
    claim: PUBLISHED,
    stopsAt: NAME,
    blank: task => `openTask(${task})`,
    hints: [
      'The world calls the machine at its own address, outer, and a port that you choose: knobs.publish.',
      'It is to come to the first container, at the port where that listens: HTTP.',
      'firewall.publish({ address: each.outer, port: knobs.publish }, { address: …, port: HTTP })',
    ],
    seen: [
      // The ECONNREFUSED that the lab prints may mean either.
      {
        when: /nobody listens there/,
        hints: ['It came to a container, and there nobody listens at that port: the first one does, at HTTP.'],
      },
      {
        when: /its first packet came to no container/,
        hints: ['The call came to the machine, and there it ended: no rule says that it is for somebody else.'],
      },
    ],
  },
]
