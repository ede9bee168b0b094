/**
 * Lab 4: a root of its own. What is left of the machine when a shell has its own root, host name, processes and network?
 *
 * You will see five new namespaces at once, a root file system of two megabytes instead of the machine's, and a shell in
 * it that you can use: it has a terminal, and Ctrl-C stops what it runs and not the container. Leave it with exit.
 *
 * Man pages: mount_namespaces(7), uts_namespaces(7), chroot(2), pivot_root(2), mount(2), pty(7). Needs root or a user namespace and ip.
 * Run it: sudo npx tsx labs/04-newns.ts
 */
import { readdirSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { isatty } from 'node:tty'
import { clone } from '../lib/clone.ts'
import { execve } from '../lib/exec.ts'
import * as F from '../lib/flags.ts'
import { makeGate } from '../lib/gate.ts'
import { flag, hostName, interfaceName, ipv4, path, seconds } from '../lib/lab/knobs.ts'
import { startLab } from '../lib/lab/lab.ts'
import { openTerminal, relay, takeTerminal } from '../lib/lab/pty.ts'
import { inside, note, outside } from '../lib/lab/say.ts'
import { $ } from '../lib/lab/shell.ts'
import { chroot, MNT_DETACH, MS_BIND, MS_PRIVATE, MS_REC, mount, pivotRoot, umount2 } from '../lib/mount/mount.ts'
import { bindDevices, usableRootfs } from '../lib/mount/rootfs.ts'
import { sethostname } from '../lib/namespaces.ts'
import { freeNetwork } from '../lib/net/free-network.ts'
import { awaitRunning, setip } from '../lib/net/interfaces.ts'
import { getpid, kill, setsid, waitpid } from '../lib/process.ts'
import { describeEnd, shellCode } from '../lib/status.ts'

const knobs = await startLab(
  '04-newns',
  {
    root: path('DIRECTORY', "root file system (./fs if there is one, else this project's)"),
    'pivot-root': flag('enters it by pivot_root(2) and not by chroot(2)'),
    hostname: hostName('myhost', 'host name inside'),
    outside: ipv4('10.0.0.13', 'address of the outer end'),
    inside: ipv4('10.0.0.15', 'address of the inner end, in the same /24'),
    veth: interfaceName('veth0', 'name of the outer end'),
    quiet: flag('prints only what the shell prints'),
    pace: seconds(0, 'pause after each line, to read along'),
  },
  { words: 'command' },
)

// #region choose
const root = usableRootfs(knobs.root)
const { veth, outerAddress, innerAddress } = freeNetwork(knobs, note)
const hasTerminal = isatty(0)
// #endregion choose

const [childIsReady, allIsLaid] = [makeGate(), makeGate()]

const describe = () =>
  `My host name is ${hostname()}; my / is inode ${statSync('/').ino}: ${readdirSync('/').join(' ')}`

// #region child
function child(): void {
  // #region private-mounts
  // This comes first: on most machines the propagation of / is shared, and mounts made here would appear outside, too.
  mount('none', '/', null, MS_REC | MS_PRIVATE)
  // #endregion private-mounts
  // #region host-name
  sethostname(knobs.hostname)
  // #endregion host-name
  bindDevices(root)
  // #region new-root
  if (knobs['pivot-root']) pivotInto(root)
  else chroot(root)
  process.chdir('/')
  // #endregion new-root
  // #region own-proc
  mount('proc', '/proc', 'proc')
  // #endregion own-proc
  // Not sooner: without root of the machine a proc may be mounted only while another can be seen, and the old root has it.
  if (knobs['pivot-root']) umount2('.', MNT_DETACH)
  mount('devpts', '/dev/pts', 'devpts', 0, 'newinstance,ptmxmode=0666')
  inside(`I am PID ${getpid()}. ${describe()}`)
  childIsReady.open()
  allIsLaid.wait()
  // #region inner-addresses
  setip('lo', '127.0.0.1', '255.0.0.0')
  setip('veth1', innerAddress, '255.255.255.0')
  // #endregion inner-addresses
  awaitRunning('veth1')
  becomeShell()
}

function pivotInto(directory: string): void {
  // pivot_root(2) needs a mount point, and bound onto itself the directory is one.
  mount(directory, directory, null, MS_BIND | MS_REC)
  process.chdir(directory)
  // This stacks the old root on top of the new one. Once /proc is there, umount2 detaches it.
  pivotRoot('.', '.')
}

function becomeShell(): void {
  if (hasTerminal) {
    setsid()
    takeTerminal('/dev/pts/0')
  }
  // The shell stays PID 1 and waits for the command. As PID 1 the command would not get the signals that it has no
  // handler for, and Ctrl-C could not stop it.
  const command = knobs.words.length > 0 ? ['-c', '"$@"; exit $?', 'sh', ...knobs.words] : []
  const TERM = process.env['TERM'] ?? 'dumb'
  const PS1 = `${knobs.hostname}:$PWD# `
  execve('/bin/sh', ['sh', ...command], { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', TERM, PS1 })
}
// #endregion child

// #region parent
outside(`I am PID ${getpid()}. ${describe()}`)
// #region five-namespaces
const pid = clone(child, F.CLONE_NEWNS | F.CLONE_NEWUTS | F.CLONE_NEWIPC | F.CLONE_NEWPID | F.CLONE_NEWNET | F.SIGCHLD)
// #endregion five-namespaces
childIsReady.wait()
await $`ip link add ${veth} type veth peer name veth1 netns ${pid}`
setip(veth, outerAddress, '255.255.255.0')
outside(`${veth} is mine, ${outerAddress}; its peer veth1 is ${innerAddress}, in the network of PID ${pid}.`)
const terminal = hasTerminal ? openTerminal(`/proc/${pid}/root/dev/pts`) : undefined
if (terminal)
  note(`Now the shell is yours: try ps, mount, ip addr, ipcs. What you write stays in ${root}. Leave it with exit.`)
allIsLaid.open()
// If our own terminal has been closed, no one can type exit any more.
if (terminal && !(await relay(terminal.master, pid))) kill(pid, 'SIGKILL')
const status = waitpid(pid)
// #endregion parent

// #region clean
await $`ip link delete ${veth}`.quiet().nothrow()
outside(`The shell ${describeEnd(status)}; my host name is still ${hostname()}.`)
process.exitCode = shellCode(status)
// #endregion clean
