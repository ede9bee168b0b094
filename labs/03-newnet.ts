/**
 * Lab 3: a network namespace. What does an empty network look like, and how does one reach out of it?
 *
 * You will see a child whose network has nothing but lo, a veth pair that its parent creates, an address on each end,
 * and three pings from the inside to the outside.
 *
 * Man pages: network_namespaces(7), veth(4), netdevice(7), ip-link(8), ping(8). Needs root or a user namespace, ip and ping.
 * Run it: sudo npx tsx labs/03-newnet.ts
 */
import { clone } from '../lib/clone.ts'
import { cloneExec } from '../lib/clone-exec.ts'
import { CLONE_NEWNET, SIGCHLD } from '../lib/flags.ts'
import { makeGate } from '../lib/gate.ts'
import { interfaceName, ipv4, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { inside, note, outside } from '../lib/lab/say.ts'
import { $ } from '../lib/lab/shell.ts'
import { namespaces } from '../lib/namespaces.ts'
import { freeNetwork, interfaceNames } from '../lib/net/free-network.ts'
import { awaitRunning, setip } from '../lib/net/interfaces.ts'
import { blameMachineForSilence } from '../lib/net/unanswered.ts'
import { waitpid } from '../lib/process.ts'
import { describeEnd } from '../lib/status.ts'

const knobs = await startLab('03-newnet', {
  outside: ipv4('10.0.0.3', 'address of the outer end'),
  inside: ipv4('10.0.0.4', 'address of the inner end, in the same /24'),
  veth: interfaceName('veth0', 'name of the outer end'),
  pace: seconds(0, 'pause after each line, to read along'),
  interval: seconds(0.5, 'time from one ping to the next'),
})

// #region choose
// If the machine has a veth0 or a 10.0.0.0/24, the lab takes others and says so.
const { veth, outerAddress, innerAddress } = freeNetwork(knobs, note)
const peer = 'veth1'
// #endregion choose

const childHasSpoken = makeGate()
const vethIsUp = makeGate()

// #region child
function child(): number {
  inside(`My network is net:[${namespaces().net}], and it has ${interfaceNames().join(', ')}.`)
  note('Two numbers, two networks. A new one has nothing but lo, and that is down.')
  childHasSpoken.open()
  vethIsUp.wait()
  // #region inner-address
  setip(peer, innerAddress, '255.255.255.0')
  // #endregion inner-address
  awaitRunning(peer)
  inside(`Now it has ${interfaceNames().join(', ')}; ${peer} is ${innerAddress}.`)
  show('ip', '-brief', 'address')
  // #region ping
  const code = show('ping', '-c', '3', '-i', String(knobs.interval), outerAddress)
  // #endregion ping
  return code
}

/** Runs a program in the child's network namespace. It is killed when the child dies: nothing keeps the namespace alive. */
function show(...argv: string[]): number {
  inside(`$ ${argv.join(' ')}`)
  return waitpid(cloneExec(argv)).code ?? 1
}
// #endregion child

// #region parent
outside(`My network is net:[${namespaces().net}], and it has ${interfaceNames().join(', ')}.`)
// #region own-network
const pid = clone(child, CLONE_NEWNET | SIGCHLD)
// #endregion own-network
childHasSpoken.wait()
// #region lay-the-pair
// The inner end is created in the child's network namespace right away; ours never has it.
await $`ip link add ${veth} type veth peer name ${peer} netns ${pid}`
// #endregion lay-the-pair
// #region outer-address
await $`ip address add ${outerAddress}/24 dev ${veth}`
await $`ip link set ${veth} up`
// #endregion outer-address
outside(`${veth} is mine, ${outerAddress}; its peer ${peer} is in the child's network (PID ${pid}).`)
// #region open-the-gate
vethIsUp.open()
// #endregion open-the-gate
const status = waitpid(pid)
// #endregion parent

// #region clean
// The kernel removes the pair with the child's network namespace, but only some time later.
await $`ip link delete ${veth}`.quiet().nothrow()
outside(`The child ${describeEnd(status)}, and ${veth} is gone.`)
// ping ends with 1 if nobody answers: a firewall may be why, and that is no fault of the lab.
if (status.code === 1) blameMachineForSilence('lab 3')
process.exitCode = status.code ?? 1
// #endregion clean
