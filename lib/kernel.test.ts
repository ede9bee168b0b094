import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import test from 'node:test'
import { fork } from './clone.ts'
import { cloneExec } from './clone-exec.ts'
import { errnoName } from './errors.ts'
import * as F from './flags.ts'
import { pipe } from './gate.ts'
import { hierarchies } from './group/hierarchies.ts'
import { mount, mounts } from './mount/mount.ts'
import { inNamespace, namespaces, sethostname, setns, unshare } from './namespaces.ts'
import { freeBridge } from './net/free-bridge.ts'
import { freeAddresses, freeInterfaceName, freeNetwork, freePrefix, interfaceNames } from './net/free-network.ts'
import { setip } from './net/interfaces.ts'
import { links } from './net/links.ts'
import { addAddress } from './net/rtnetlink/addresses.ts'
import { setUp } from './net/rtnetlink/links.ts'
import { getpid, gettid, kill, waitpid } from './process.ts'
import { decodeStatus } from './status.ts'
import { inChild, thrownBy } from './testing/in-child.ts'
import { shares, sharesFile } from './trace/kcmp.ts'
import { nsPids } from './trace/proc.ts'

test('wait statuses are decoded as sys/wait.h does', () => {
  assert.deepEqual(decodeStatus(0x2a00), { code: 42, signal: null, coreDumped: false })
  assert.deepEqual(decodeStatus(9), { code: null, signal: 'SIGKILL', coreDumped: false })
  assert.deepEqual(decodeStatus(0x86), { code: null, signal: 'SIGABRT', coreDumped: true })
})

test('a call that fails names itself, its arguments, the errno and what to do', () => {
  assert.equal(
    thrownBy(() => kill(4194305, 'SIGKILL')).message,
    'kill(4194305, SIGKILL): ESRCH (No such process)\nhint: no process has that number in this PID namespace; see kill(2)',
  )
  assert.match(thrownBy(() => waitpid(getpid())).message, /^waitpid\(\d+, 0\): ECHILD .*\nhint: .*__WALL/)
  assert.match(
    thrownBy(() => setip('nope0', '10.0.0.1', '255.0.0.0')).message,
    /ioctl\(\d+, SIOCSIFADDR, "nope0", "10.0.0.1"\): ENODEV/,
  )
  assert.equal(errnoName(11), 'EAGAIN')
  assert.equal(errnoName(95), 'EOPNOTSUPP')
})

test('a wrong argument is named, with what was expected and what arrived', () => {
  const messages: [() => unknown, string][] = [
    [() => sethostname(''), 'sethostname: name must be a string of 1 to 64 bytes, not ""'],
    [() => kill(1, 'SIGNOPE' as 'SIGKILL'), 'kill: signal must be a signal such as SIGTERM, not "SIGNOPE"'],
    [() => kill(Number.NaN, 9), 'kill: pid must be a whole number, not NaN'],
    [
      () => setip('eth0', '10.0.0', '255.0.0.0'),
      'setip: address must be an IPv4 address such as 10.0.0.4, not "10.0.0"',
    ],
    [
      () => setip('a-name-too-long-for-it', '10.0.0.1', '255.0.0.0'),
      'setip: interface must be a name of 1 to 15 bytes, not "a-name-too-long-for-it"',
    ],
    [() => waitpid(1.5), 'waitpid: pid must be a whole number, not 1.5'],
  ]
  for (const [act, message] of messages) assert.equal(thrownBy(act).message, message)
})

test("the child's host name does not leak to the host", () => {
  const before = hostname()
  const inside = inChild(F.CLONE_NEWUTS, () => {
    sethostname('myhost')
    return hostname()
  })
  assert.equal(inside, 'myhost')
  assert.equal(hostname(), before)
})

test('unshare and setns move the calling process', () => {
  const [ours, moved, back] = inChild(0, () => {
    const home = openSync('/proc/self/ns/uts', 'r')
    const before = namespaces().uts
    unshare(F.CLONE_NEWUTS)
    const away = namespaces().uts
    setns(home, F.CLONE_NEWUTS)
    closeSync(home)
    return [before, away, namespaces().uts]
  })
  assert.notEqual(moved, ours)
  assert.equal(back, ours)
})

test('setip sets address, mask and up, in the network of the caller alone', () => {
  const inside = inChild(F.CLONE_NEWNET, () => {
    setip('lo', '10.9.8.7', '255.255.255.0')
    return links()
  })
  assert.equal(inside.length, 1)
  assert.deepEqual([inside[0]?.name, inside[0]?.isUp], ['lo', true])
  assert.ok(inside[0]?.addresses.includes('10.9.8.7/24'))
  assert.ok(!links().some(({ addresses }) => addresses.includes('10.9.8.7/24')))
})

test('rtnetlink tells both ends of a veth pair by their indexes', () => {
  const seen = inChild(F.CLONE_NEWNET, () => {
    waitpid(cloneExec(['ip', 'link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'right']))
    return links().filter(({ kind }) => kind === 'veth')
  })
  const [one, other] = seen
  assert.deepEqual(seen.map(({ name }) => name).sort(), ['left', 'right'])
  assert.equal(one?.peerIndex, other?.index)
  assert.equal(other?.peerIndex, one?.index)
  assert.equal(one?.peerIsElsewhere, false)
})

test('a name or a network that is in use is not taken', () => {
  const seen = inChild(F.CLONE_NEWNET, () => {
    const free = [freeInterfaceName('veth0'), ...freeAddresses(['10.0.0.3', '10.0.0.4'])]
    waitpid(cloneExec(['ip', 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1']))
    setip('veth0', '10.0.0.200', '255.255.254.0')
    const taken = [freeInterfaceName('veth0'), ...freeAddresses(['10.0.0.3', '10.0.0.4'])]
    setip('veth0', '10.200.0.1', '255.0.0.0')
    return { free, taken, withVpn: freeAddresses(['10.0.0.3', '10.0.0.4']) }
  })
  assert.deepEqual(seen.free, ['veth0', '10.0.0.3', '10.0.0.4'])
  assert.deepEqual(seen.taken, ['veth2', '10.0.2.3', '10.0.2.4'])
  assert.deepEqual(seen.withVpn, ['172.16.0.3', '172.16.0.4'])
})

test('networks of both families that are in use are not taken for a bridge, and that is said', () => {
  const wanted = { bridge: 'br0', gateway: '10.9.0.1', outside: '203.0.113.1', ipv6: true }
  const choose = () => {
    const told: string[] = []
    const { nets } = freeBridge(wanted, text => told.push(text))
    return { told, nets: nets.map(({ subnet, two, world }) => [subnet, two, world]) }
  }
  const seen = inChild(F.CLONE_NEWNET, () => {
    setUp('lo')
    const free = inChild(0, choose)
    for (const address of ['10.9.0.77/24', 'fd09::77/64', '2001:db8::1/46']) addAddress('lo', address)
    return { free, taken: inChild(0, choose), beside: inChild(0, () => [choose(), inChild(0, choose)]) }
  })
  const nets = (six: string, wire: string) => [`${six}/64`, `${six}3`, `${wire}7`]
  assert.deepEqual(seen.free, {
    told: [],
    nets: [['10.9.0.0/24', '10.9.0.3', '203.0.113.7'], nets('fd09::', '2001:db8:9::')],
  })
  assert.deepEqual(seen.taken.nets, [['10.0.0.0/24', '10.0.0.3', '203.0.113.7'], nets('fd0a::', '2001:db8:9::')])
  assert.match(seen.taken.told.join('\n'), /uses the network of fd09:: already; I take fd0a::\./)
  assert.deepEqual(seen.beside[1]?.nets[1], nets('fd0b::', '2001:db8:a::'))
})

test('where every IPv6 network is in use that could be taken, that is said', () => {
  const { message } = inChild(F.CLONE_NEWNET, () => {
    setUp('lo')
    addAddress('lo', 'fd77::1/8')
    return { message: thrownBy(() => freePrefix(['fd09::', 'fd0a::'])).message }
  })
  assert.match(message, /^no free \/64 is left from fd09:: to fd0a::: routes .*\nhint: leave --ipv6 away/)
})

test('two labs that choose at the same moment choose differently, and what one had is free when it has ended', () => {
  const choose = () => {
    const { veth, outerAddress } = freeNetwork({ veth: 'veth0', outside: '10.0.0.3', inside: '10.0.0.4' }, () => {})
    return `${veth} ${outerAddress}`
  }
  const seen = inChild(F.CLONE_NEWNET, () => {
    const first = inChild(0, () => [choose(), inChild(0, choose)])
    return [...first, inChild(0, choose)]
  })
  assert.deepEqual(seen, ['veth0 10.0.0.3', 'veth1 10.0.1.3', 'veth0 10.0.0.3'])
})

test('kcmp says that threads share and that a forked child does not', () => {
  const ready = openSync('/dev/null', 'r')
  const pid = fork(() => void readFileSync(ready))
  assert.equal(shares(getpid(), gettid(), 'VM'), true)
  assert.deepEqual(
    (['VM', 'FILES', 'FS'] as const).map(what => shares(getpid(), pid, what)),
    [false, false, false],
  )
  waitpid(pid)
  closeSync(ready)
})

test('kcmp knows the open file that a forked child has inherited from the same file opened again', () => {
  const { readEnd, writeEnd } = pipe()
  const inherited = openSync('/dev/null', 'r')
  const pid = fork(() => {
    closeSync(writeEnd)
    readFileSync(readEnd)
  })
  assert.equal(sharesFile(getpid(), pid, inherited), true)
  closeSync(inherited)
  assert.equal(openSync('/dev/null', 'r'), inherited)
  assert.equal(sharesFile(getpid(), pid, inherited), false)
  assert.throws(() => sharesFile(getpid(), pid, 999), /EBADF/)
  closeSync(writeEnd)
  waitpid(pid)
  for (const end of [readEnd, inherited]) closeSync(end)
})

test('a mount in a new mount namespace is seen inside and not outside', () => {
  const inside = inChild(F.CLONE_NEWNS, () => {
    mount('none', '/', null, 0x4000 | 0x40000)
    mount('proof', '/mnt', 'tmpfs')
    return mounts().some(({ source }) => source === 'proof')
  })
  assert.equal(inside, true)
  assert.equal(
    mounts().some(({ source }) => source === 'proof'),
    false,
  )
})

test('a process has one number in each PID namespace', () => {
  const [outer, inner] = inChild(F.CLONE_NEWPID, () =>
    inChild(F.CLONE_NEWPID, () =>
      nsPids(Number(readFileSync('/proc/thread-self/stat', 'utf8').split(' ')[0])).slice(-2),
    ),
  )
  assert.deepEqual([outer, inner], [2, 1])
})

test('inNamespace looks from another process and comes back', () => {
  const before = namespaces().net
  const names = inNamespace(getpid(), 'net', interfaceNames)
  assert.deepEqual(names, interfaceNames())
  assert.equal(namespaces().net, before)
})

test('every hierarchy has a version and lists its controllers', () => {
  for (const { path, dialect, controllers } of hierarchies()) {
    assert.ok(path.startsWith('/'))
    assert.ok(dialect === 'v1' ? controllers.length > 0 : Array.isArray(controllers))
  }
})
