/**
 * Lab 9: a network with neighbours. How does the answer find its way back?
 *
 * You will see two containers on a bridge, and a world outside that has never heard of them. One container finds the
 * other by name, then calls the world, and the world calls a port that the machine publishes. Each answer says whom the
 * other side sees, and the kernel shows what it has rewritten on the way.
 *
 * Man pages: veth(4), rtnetlink(7), bridge(8), nft(8), conntrack(8). Needs root or a user namespace, and nft.
 * Run it: sudo npx tsx labs/09-bridge.ts
 */
import { clone, fork } from '../lib/clone.ts'
import { CLONE_NEWNET, CLONE_NEWNS, SIGCHLD } from '../lib/flags.ts'
import { type Gate, makeGate } from '../lib/gate.ts'
import { choice, flag, interfaceName, ipv4, port, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { note, speaker } from '../lib/lab/say.ts'
import { unshare } from '../lib/namespaces.ts'
import { freeBridge } from '../lib/net/free-bridge.ts'
import { awaitRunning } from '../lib/net/interfaces.ts'
import { connections, tupleText } from '../lib/net/nat/conntrack.ts'
import { makeFirewall } from '../lib/net/nat/firewall.ts'
import { addAddress } from '../lib/net/rtnetlink/addresses.ts'
import { addBridge, addVeth, setMaster, setUp } from '../lib/net/rtnetlink/links.ts'
import { forwardingTable, neighbours } from '../lib/net/rtnetlink/neighbours.ts'
import { addRoute, routes } from '../lib/net/rtnetlink/routes.ts'
import { changeSetting } from '../lib/net/settings.ts'
import { call, greet, type Say } from '../lib/net/talk/greetings.ts'
import { hops } from '../lib/net/talk/hops.ts'
import { lookUp, openResolver, serveNames, useOwnNames } from '../lib/net/talk/names.ts'
import { kill, waitpid } from '../lib/process.ts'

const BREAKS = ['no-masquerade', 'no-forwarding', 'forward-drop', 'same-address'] as const
const knobs = await startLab('09-bridge', {
  bridge: interfaceName('br0', 'name of the bridge'),
  gateway: ipv4('10.9.0.1', 'address of the bridge; the containers are in its /24'),
  outside: ipv4('203.0.113.1', 'address of the machine in the world, of which the /24 is'),
  publish: port(8080, 'port of the machine that leads to the first container'),
  ipv6: flag('does it all with IPv6 as well'),
  break: choice(BREAKS, undefined, `leaves something out: ${BREAKS.join(', ')}`),
  patience: seconds(1, 'how long an answer may take'),
  'on-this-machine': flag('uses the network of this machine, and not one of its own'),
  pace: seconds(0, 'pause after each line, to read along'),
})
// #region machine
// Unless it is told otherwise, the lab's machine is a network of its own: it has no firewall yet, and nobody else's.
if (!knobs['on-this-machine']) unshare(CLONE_NEWNET)
const { bridge, cables, nets } = freeBridge(knobs, note)
// #endregion machine
const [machine, one, two, world] = ['machine', 'one', 'two', 'world'].map(speaker) as [Say, Say, Say, Say]
const gates = () => ({ isCabled: makeGate(), isReady: makeGate(), mayCall: makeGate() })
const [ofOne, ofTwo, ofWorld] = [gates(), gates(), gates()]
const [HTTP, ECHO] = [80, 7]

// #region settle
/** Gives the container at the end of a cable its address, and a way to everybody else. */
function settle(own: 'one' | 'two', { isCabled }: { readonly isCabled: Gate }): void {
  isCabled.wait()
  for (const net of nets) addAddress('eth0', `${net[own]}/${net.length}`)
  for (const name of ['lo', 'eth0']) setUp(name)
  for (const { gateway } of nets) addRoute('default', { gateway })
  awaitRunning('eth0')
}
// #endregion settle

// #region first
function first(): void {
  settle('one', ofOne)
  const answer = greet(
    one,
    nets.map(net => ({ address: net.one, port: HTTP })),
  )
  ofOne.isReady.open()
  answer()
}
// #endregion first

// #region second
function second(): number {
  settle(knobs.break === 'same-address' ? 'one' : 'two', ofTwo)
  // #region hosts
  useOwnNames(`127.0.0.1 localhost\n${nets[0].two} two\n`, nets[0].gateway)
  // #endregion hosts
  ofTwo.isReady.open()
  ofTwo.mayCall.wait()
  // #region names
  for (const name of ['two', 'one']) two(`${name} is ${lookUp(name).address}, by ${lookUp(name).by}.`)
  // #endregion names
  const near = nets.map(net => call(two, 'one', { address: net.one, port: HTTP }, knobs.patience))
  for (const { address, hardware = 'nobody' } of neighbours()) two(`On my wire ${address} is ${hardware}.`)
  const far = nets.map(net => call(two, 'the world', { address: net.world, port: ECHO }, knobs.patience))
  // #region hops
  two(
    `To the world it is: ${hops(nets[0].world, 2, knobs.patience)
      .map(hop => hop.address ?? '?')
      .join(', then ')}.`,
  )
  // #endregion hops
  return [...near, ...far].every(Boolean) ? 0 : 1
}
// #endregion second

// #region world
function outThere(): number {
  ofWorld.isCabled.wait()
  for (const net of nets) addAddress('eth0', `${net.world}/${net.length}`)
  setUp('eth0')
  awaitRunning('eth0')
  world(`I am ${nets[0].world}. Of other networks I know the way to none: ${routes().join(', ')}.`)
  const answer = greet(
    world,
    nets.map(net => ({ address: net.world, port: ECHO })),
  )
  const server = fork(answer)
  ofWorld.isReady.open()
  ofWorld.mayCall.wait()
  const answers = nets.map(net =>
    call(world, 'the machine', { address: net.outer, port: knobs.publish }, knobs.patience),
  )
  kill(server, 'SIGKILL')
  waitpid(server)
  return answers.every(Boolean) ? 0 : 1
}
// #endregion world

// #region containers
const pids = [first, second, outThere].map(child => clone(child, CLONE_NEWNET | CLONE_NEWNS | SIGCHLD))
const [pidOne, pidTwo, pidWorld] = pids as [number, number, number]
// #endregion containers
// #region bridge
addBridge(bridge)
for (const net of nets) addAddress(bridge, `${net.gateway}/${net.length}`)
setUp(bridge)
// #endregion bridge
// #region cables
pids.forEach((pid, i) => {
  addVeth(cables[i] as string, { name: 'eth0', pid })
})
for (const cable of cables.slice(0, 2)) setMaster(cable, bridge)
// #endregion cables
for (const net of nets) addAddress(cables[2], `${net.outer}/${net.length}`)
for (const cable of cables) setUp(cable)
for (const { isCabled } of [ofOne, ofTwo, ofWorld]) isCabled.open()
for (const { isReady } of [ofOne, ofTwo, ofWorld]) isReady.wait()
for (const name of [bridge, ...cables]) awaitRunning(name)
machine(`Ports of ${bridge}, which is ${nets[0].gateway}: ${cables[0]} and ${cables[1]}. The world is at ${cables[2]}.`)

// #region forwarding
const isForwarding = knobs.break === 'no-forwarding' ? '0' : '1'
changeSetting('net.ipv4.ip_forward', isForwarding)
if (knobs.ipv6) changeSetting('net.ipv6.conf.all.forwarding', isForwarding)
// #endregion forwarding
const firewall = makeFirewall('lab9', command => machine(`# ${command}`))
for (const net of nets) {
  // #region masquerade
  if (knobs.break !== 'no-masquerade') firewall.masquerade(net.subnet, bridge)
  // #endregion masquerade
  // #region publish
  firewall.publish({ address: net.outer, port: knobs.publish }, { address: net.one, port: HTTP })
  // #endregion publish
}
if (knobs.break === 'forward-drop') firewall.dropForwarded()

// #region resolver
const asked = openResolver(nets[0].gateway)
const resolver = fork(() => serveNames(asked, { one: nets.map(net => net.one), two: nets.map(net => net.two) }))
// #endregion resolver
// #region proof
ofTwo.mayCall.open()
const isNear = waitpid(pidTwo).code === 0
for (const { hardware, port } of forwardingTable(bridge)) machine(`${bridge} has heard ${hardware} at ${port}.`)
ofWorld.mayCall.open()
const isFar = waitpid(pidWorld).code === 0
for (const { original, reply } of connections())
  machine(`I remember ${tupleText(original)}, answered as ${tupleText(reply)}.`)
// #endregion proof

// #region clean
for (const pid of [pidOne, resolver]) {
  kill(pid, 'SIGKILL')
  waitpid(pid)
}
firewall.remove()
process.exitCode = isNear && isFar ? 0 : 1
// #endregion clean
