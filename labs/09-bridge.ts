/**
 * Lab 9: a network with neighbours. How does the answer find its way back?
 *
 * You will see two containers on a bridge, one of which finds the other by name and calls a world that has never heard of
 * them; the world call back, at a port that the machine publishes; and what the kernel has rewritten on the way.
 *
 * Man pages: veth(4), rtnetlink(7), bridge(8), nft(8), resolv.conf(5), hosts(5). Needs root or a user namespace, and nft.
 * Run it: sudo npx tsx labs/09-bridge.ts
 */
import { clone, fork } from '../lib/clone.ts'
import { CLONE_NEWNET, CLONE_NEWNS, SIGCHLD } from '../lib/flags.ts'
import { closeOtherGates, makeGates } from '../lib/gate.ts'
import { choice, flag, interfaceName, ipv4, port, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { note, speaker } from '../lib/lab/say.ts'
import { useOwnNames } from '../lib/mount/own-names.ts'
import { unshare } from '../lib/namespaces.ts'
import { freeBridge } from '../lib/net/free-bridge.ts'
import { awaitRunning } from '../lib/net/interfaces.ts'
import { connections, tupleText } from '../lib/net/nat/conntrack.ts'
import { makeFirewall } from '../lib/net/nat/firewall.ts'
import { blameFirewallForLoss } from '../lib/net/nat/refused.ts'
import { addAddress } from '../lib/net/rtnetlink/addresses.ts'
import { addBridge, addVeth, setMaster, setUp } from '../lib/net/rtnetlink/links.ts'
import { forwardingTable, neighbours } from '../lib/net/rtnetlink/neighbours.ts'
import { addRoute, routes } from '../lib/net/rtnetlink/routes.ts'
import { changeSetting } from '../lib/net/settings.ts'
import { call, find, greet, type Say, startGreeter } from '../lib/net/talk/greetings.ts'
import { wayTo } from '../lib/net/talk/hops.ts'
import { openResolver, serveNames } from '../lib/net/talk/names.ts'
import { kill, waitpid } from '../lib/process.ts'
import { keepBridge, tableOf } from '../lib/tidy/own-bridge.ts'

const BREAKS = ['no-masquerade', 'no-forwarding', 'forward-drop', 'same-address'] as const
const knobs = await startLab('09-bridge', {
  bridge: interfaceName('br0', 'name of the bridge'),
  gateway: ipv4('10.9.0.1', 'its address; the containers are in the same /24'),
  outside: ipv4('203.0.113.1', 'address of the machine on the wire to the world'),
  publish: port(8080, 'port of the machine that leads to the first container'),
  ipv6: flag('does it all with IPv6 as well'),
  break: choice(BREAKS, undefined, `what is to go wrong: ${BREAKS.join(', ')}`),
  patience: seconds(3, 'how long an answer may take'),
  'on-this-machine': flag('in the network of this machine, and not in one of its own'),
  pace: seconds(0, 'pause after each line, to read along'),
})

// #region machine
// The machine in the middle is a network of its own, so that the lab touches nobody's firewall.
if (!knobs['on-this-machine']) unshare(CLONE_NEWNET)
const { bridge, cables, nets } = freeBridge(knobs, note)
// #endregion machine
const [net] = nets
const [machine, one, two, world] = ['machine', 'one', 'two', 'world'].map(speaker) as [Say, Say, Say, Say]
const gates = () => makeGates('isCabled', 'isReady', 'mayCall', 'hasCalled', 'mayEnd')
const [ofOne, ofTwo, ofWorld] = [gates(), gates(), gates()]
const [HTTP, ECHO] = [80, 7]
const at = (who: 'one' | 'world' | 'outer', port: number) => nets.map(each => ({ address: each[who], port }))
const end = (pid: number) => [kill(pid, 'SIGKILL'), waitpid(pid)]

// #region settle
function settle(gates: typeof ofOne, own: 'one' | 'two' | 'world'): void {
  closeOtherGates(gates)
  gates.isCabled.wait()
  for (const each of nets) addAddress('eth0', `${each[own]}/${each.length}`)
  for (const name of ['lo', 'eth0']) setUp(name)
  awaitRunning('eth0')
  if (own === 'world') return
  // To everybody who is not on the wire it goes by the bridge. The world gets no such route.
  // #region default-route
  for (const { gateway } of nets) addRoute('default', { gateway })
  // #endregion default-route
}
// #endregion settle

// #region first
function first(): void {
  settle(ofOne, 'one')
  const answer = greet(one, at('one', HTTP))
  ofOne.isReady.open()
  answer()
}
// #endregion first

// #region second
function second(): number {
  settle(ofTwo, knobs.break === 'same-address' ? 'one' : 'two')
  useOwnNames(`127.0.0.1 localhost\n${net.two} two\n`, net.gateway)
  ofTwo.isReady.open()
  ofTwo.mayCall.wait()
  const isDone = ['two', 'one'].map(name => find(two, name)).every(Boolean) && callBoth()
  ofTwo.hasCalled.open()
  ofTwo.mayEnd.wait()
  return isDone ? 0 : 1
}

function callBoth(): boolean {
  const isNear = call(two, 'one', at('one', HTTP), knobs.patience)
  for (const { address, hardware = 'nobody' } of neighbours()) two(`On my wire ${address} is ${hardware}.`)
  const isFar = call(two, 'the world', at('world', ECHO), knobs.patience)
  // #region hops
  two(`On the way there: ${wayTo(net.world, 2, knobs.patience)}.`)
  // #endregion hops
  return isNear && isFar
}
// #endregion second

// #region world
function outThere(): number {
  settle(ofWorld, 'world')
  world(`I am ${net.world}. The only way that I know leads to ${routes().join(' and ')}.`)
  const server = startGreeter(world, at('world', ECHO))
  ofWorld.isReady.open()
  ofWorld.mayCall.wait()
  const isAnswered = call(world, 'the machine', at('outer', knobs.publish), knobs.patience)
  ofWorld.hasCalled.open()
  ofWorld.mayEnd.wait()
  end(server)
  return isAnswered ? 0 : 1
}
// #endregion world

// #region containers
const born = [first, second, outThere].map(child => clone(child, CLONE_NEWNET | CLONE_NEWNS | SIGCHLD))
// #endregion containers
const firewall = makeFirewall(tableOf(bridge), command => machine(`# ${command}`))
// #region clean
const FORWARDING = ['net.ipv4.ip_forward', ...(knobs.ipv6 ? ['net.ipv6.conf.all.forwarding'] : [])]
// What ends with a network namespace, and on a machine does not: the table, the settings and the bridge.
const keeper = knobs['on-this-machine'] ? keepBridge(bridge, FORWARDING) : undefined
// #endregion clean

// #region bridge
addBridge(bridge)
for (const { gateway, length } of nets) addAddress(bridge, `${gateway}/${length}`)
setUp(bridge)
// #endregion bridge
keeper?.mark()
// #region cable
for (const [i, cable] of cables.entries()) addVeth(cable, { name: 'eth0', pid: born[i] as number })
// #endregion cable
// #region ports
for (const cable of cables.slice(0, 2)) setMaster(cable, bridge)
// #endregion ports
for (const { outer, length } of nets) addAddress(cables[2], `${outer}/${length}`)
for (const cable of cables) setUp(cable)
for (const { isCabled } of [ofOne, ofTwo, ofWorld]) isCabled.open()
for (const { isReady } of [ofOne, ofTwo, ofWorld]) isReady.wait()
for (const name of [bridge, ...cables]) awaitRunning(name)
machine(`${bridge} is ${net.gateway}, its ports are ${cables[0]} and ${cables[1]}. The world is behind ${cables[2]}.`)

// #region forwarding
for (const name of FORWARDING) changeSetting(name, knobs.break === 'no-forwarding' ? '0' : '1')
// #endregion forwarding
// #region masquerade
if (knobs.break !== 'no-masquerade') for (const { subnet } of nets) firewall.masquerade(subnet, bridge)
// #endregion masquerade
// #region publish
for (const { outer, one } of nets)
  firewall.publish({ address: outer, port: knobs.publish }, { address: one, port: HTTP })
// #endregion publish
if (knobs.break === 'forward-drop') firewall.dropForwarded()
// #region resolver
const socket = openResolver(net.gateway)
const resolver = fork(() => serveNames(socket, { one: nets.map(each => each.one), two: nets.map(each => each.two) }))
// #endregion resolver

// #region proof
ofTwo.mayCall.open()
ofTwo.hasCalled.wait()
for (const { hardware, port } of forwardingTable(bridge)) machine(`${bridge} has heard ${hardware} at ${port}.`)
ofTwo.mayEnd.open()
const isTwoDone = waitpid(born[1] as number).code === 0
ofWorld.mayCall.open()
ofWorld.hasCalled.wait()
for (const { original, reply } of connections(nets.flatMap(each => [each.one, each.two, each.world])))
  machine(`I remember ${tupleText(original)}, answered by ${tupleText(reply)}.`)
// Not sooner: the world's cable goes with it, and the kernel forgets what it has masqueraded there.
ofWorld.mayEnd.open()
const isWorldDone = waitpid(born[2] as number).code === 0
for (const pid of [born[0] as number, resolver]) end(pid)
// #endregion proof

keeper?.cleanUp()
if (!isTwoDone && keeper && !knobs.break) blameFirewallForLoss('lab 9', bridge)
process.exitCode = isTwoDone && isWorldDone ? 0 : 1
