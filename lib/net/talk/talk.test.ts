/**
 * Talking over a network without an event loop, in network namespaces made for it.
 */
import assert from 'node:assert/strict'
import { closeSync, readdirSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { clone, fork } from '../../clone.ts'
import { CLONE_NEWNET, CLONE_NEWNS, SIGCHLD } from '../../flags.ts'
import { closePipes, makeGate } from '../../gate.ts'
import { libcFunction } from '../../machine/libc.ts'
import { until } from '../../machine/until.ts'
import { useOwnNames } from '../../mount/own-names.ts'
import { kill, waitpid } from '../../process.ts'
import { inChild, thrownBy } from '../../testing/in-child.ts'
import { awaitRunning } from '../interfaces.ts'
import { addAddress } from '../rtnetlink/addresses.ts'
import { addVeth, setUp } from '../rtnetlink/links.ts'
import { addRoute } from '../rtnetlink/routes.ts'
import { changeSetting } from '../settings.ts'
import { answerMessage, queryMessage, RECORD, readMessage } from './dns.ts'
import { call, greet, startGreeter } from './greetings.ts'
import { hops } from './hops.ts'
import { askResolver, lookUp, openResolver, serveNames } from './names.ts'
import { connectTcp, endpointOf, SOCKET, sockaddr } from './sockets.ts'

const silent = () => {}
/** Seconds that a busy machine may take for something to come about. */
const PATIENCE = 60

const libcSetsockopt = libcFunction(
  'int setsockopt(int fd, int level, int name, const uint8_t *value, unsigned int len)',
)
/** Lets a close(2) reset the connection: `struct linger { int l_onoff, l_linger; }` with 1 and 0. */
function setLinger(fd: number): void {
  const SO_LINGER = 13
  const value = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])
  assert.equal(libcSetsockopt(fd, SOCKET.SOL_SOCKET, SO_LINGER, value, value.length), 0)
}

test('a question for a name and its answer survive the way into bytes and back', () => {
  const query = { id: 4711, name: 'one.lab', type: RECORD.A }
  assert.deepEqual(readMessage(queryMessage(query)), { ...query, isAnswer: false, addresses: [] })
  const answer = readMessage(answerMessage(query, ['10.9.0.2', 'fd09::2', '10.9.0.3']))
  assert.deepEqual(answer, { ...query, isAnswer: true, addresses: ['10.9.0.2', '10.9.0.3'] })
  const six = { ...query, type: RECORD.AAAA }
  assert.deepEqual(readMessage(answerMessage(six, ['10.9.0.2', 'fd09::2']))?.addresses, ['fd09::2'])
  assert.deepEqual(readMessage(answerMessage(query, undefined))?.addresses, [])
  const HTTPS = 65
  const other = answerMessage({ ...query, type: HTTPS }, ['10.9.0.2', 'fd09::2'])
  assert.equal(other.readUInt16BE(6), 0, 'no address is the answer to a question for something else')
})

test('a message that is cut, or is none, is no message', () => {
  const whole = answerMessage({ id: 1, name: 'one', type: RECORD.A }, ['10.9.0.2'])
  for (let length = 0; length < whole.length; length++) {
    const cut = readMessage(whole.subarray(0, length))
    assert.ok(cut === undefined || cut.addresses.length === 0, `${length} of ${whole.length} bytes`)
  }
  assert.equal(readMessage(Buffer.alloc(512, 0xff)), undefined)
})

test('an endpoint is a struct sockaddr, of either family', () => {
  for (const endpoint of [
    { address: '10.9.0.2', port: 80 },
    { address: 'fd09::2', port: 65535 },
  ])
    assert.deepEqual(endpointOf(sockaddr(endpoint)), endpoint)
})

test('a name is found in the hosts file first, then by the resolver, and by nobody else', () => {
  const seen = inChild(CLONE_NEWNET | CLONE_NEWNS, () => {
    setUp('lo')
    const socket = openResolver('127.0.0.1')
    const pid = fork(() => serveNames(socket, { one: ['10.9.0.2'], two: ['10.9.0.9'] }))
    useOwnNames('10.9.0.3 two # myself\n', '127.0.0.1')
    const found = [lookUp('two', 60), lookUp('one', 60), askResolver('127.0.0.1', 'three', 60)]
    // A resolver that is kept waiting is waited for: here it is stopped until its kernel has been asked whether it is there.
    kill(pid, 'SIGSTOP')
    const waker = fork(() => {
      closePipes([])
      until(() => readFileSync('/proc/net/snmp', 'utf8').includes('OutType3'), PATIENCE)
      kill(pid, 'SIGCONT')
    })
    found.push(lookUp('one', 60))
    waitpid(waker)
    const nobody = thrownBy(() => lookUp('three', 60)).message
    kill(pid, 'SIGKILL')
    waitpid(pid)
    closeSync(socket)
    // Nobody has to wait for an hour: the kernel says that nobody listens, and that nobody has the address.
    const silent = askResolver('127.0.0.1', 'one', 3600)
    addVeth('one', { name: 'other' })
    addAddress('one', '10.9.0.1/24')
    for (const name of ['one', 'other']) setUp(name)
    return { found, nobody, silent, absent: askResolver('10.9.0.2', 'one', 3600) }
  })
  assert.deepEqual(seen.found, [
    { address: '10.9.0.3', by: '/etc/hosts' },
    { address: '10.9.0.2', by: 'the resolver at 127.0.0.1' },
    [],
    { address: '10.9.0.2', by: 'the resolver at 127.0.0.1' },
  ])
  assert.match(seen.nobody, /nobody knows the name three/)
  assert.deepEqual([seen.silent, seen.absent], [[], []])
})

test('whoever calls hears by which address they are seen, and otherwise why there is no answer', () => {
  const seen = inChild(CLONE_NEWNET, () => {
    setUp('lo')
    const said: string[] = []
    const say = (text: string) => said.push(text)
    const pid = fork(greet(silent, [{ address: '127.0.0.1', port: 7 }]))
    const isAnswered = call(say, 'lo', [{ address: '127.0.0.1', port: 7 }], 60)
    kill(pid, 'SIGKILL')
    waitpid(pid)
    const isRefused = !call(say, 'lo', [{ address: '127.0.0.1', port: 8 }], 60)
    const isFar = !call(say, 'the world', [{ address: '203.0.113.7', port: 8 }], 60)
    const late = thrownBy(() => {
      addVeth('one', { name: 'other' })
      addAddress('one', '10.9.0.1/24')
      for (const name of ['one', 'other']) setUp(name)
      connectTcp({ address: '10.9.0.2', port: 80 }, 0.05)
    })
    return { said, isAnswered, isRefused, isFar, late: late.code }
  })
  assert.equal(seen.said[0], 'I am 127.0.0.1, and lo at 127.0.0.1 port 7 answers: I see you at 127.0.0.1.')
  assert.match(seen.said[1] ?? '', /ECONNREFUSED/)
  assert.match(seen.said[2] ?? '', /ENETUNREACH/)
  assert.deepEqual([seen.isAnswered, seen.isRefused, seen.isFar], [true, true, true])
  assert.equal(seen.late, 'ETIMEDOUT')
})

test('when whoever greets has died, callers are refused and not kept waiting', () => {
  const seen = inChild(CLONE_NEWNET, () => {
    setUp('lo')
    const said: string[] = []
    const say = (text: string) => said.push(text)
    const to = [{ address: '127.0.0.1', port: 7 }]
    const pid = startGreeter(silent, to)
    const isAnswered = call(say, 'lo', to, 60)
    kill(pid, 'SIGSTOP')
    const killer = fork(() => {
      closePipes([])
      // 127.0.0.1 port 7, of a connection that stands.
      until(() => readFileSync('/proc/net/tcp', 'utf8').includes(' 0100007F:0007 01 '), PATIENCE)
      kill(pid, 'SIGKILL')
    })
    // The kernel accepts this one, and then there is nobody left who could answer.
    const isCut = !call(say, 'lo', to, 60)
    waitpid(killer)
    waitpid(pid)
    return { said, isAnswered, isCut, isRefused: !call(say, 'lo', to, 60) }
  })
  assert.deepEqual([seen.isAnswered, seen.isCut, seen.isRefused], [true, true, true])
  assert.match(seen.said[1] ?? '', /ECONNRESET/)
  assert.match(seen.said[2] ?? '', /ECONNREFUSED/)
})

test('whoever hangs up at once keeps nobody else from an answer', () => {
  const seen = inChild(CLONE_NEWNET, () => {
    setUp('lo')
    const to = { address: '127.0.0.1', port: 7 }
    const pid = fork(greet(silent, [to]))
    for (let i = 0; i < 20; i++) {
      const { fd } = connectTcp(to, 60)
      setLinger(fd)
      closeSync(fd)
    }
    const isAnswered = call(silent, 'lo', [to], 60)
    kill(pid, 'SIGKILL')
    waitpid(pid)
    return isAnswered
  })
  assert.equal(seen, true)
})

test('a socket that cannot be had leaves no descriptor open', () => {
  const seen = inChild(CLONE_NEWNET, () => {
    setUp('lo')
    const count = () => readdirSync('/proc/self/fd').length
    const before = count()
    const codes = [
      thrownBy(() => openResolver('203.0.113.7')).code,
      thrownBy(() => greet(silent, [{ address: '203.0.113.7', port: 7 }])).code,
      thrownBy(() => connectTcp({ address: '127.0.0.1', port: 8 }, 60)).code,
    ]
    return { codes, more: count() - before }
  })
  assert.deepEqual(seen, { codes: ['EADDRNOTAVAIL', 'EADDRNOTAVAIL', 'ECONNREFUSED'], more: 0 })
})

test('each hop on the way says that it is one, and one without a route is the last and not the goal', () => {
  const seen = inChild(CLONE_NEWNET, () => {
    const [isLaid, isThere, never] = [makeGate(), makeGate(), makeGate()]
    const world = clone(() => {
      isLaid.wait()
      addAddress('eth0', '203.0.113.7/24')
      setUp('eth0')
      addRoute('default', { gateway: '203.0.113.1' })
      isThere.open()
      never.wait()
    }, CLONE_NEWNET | SIGCHLD)
    const [isCabled, here] = [makeGate(), makeGate()]
    const result = clone(() => {
      here.open()
      isCabled.wait()
      addAddress('eth0', '10.9.0.2/24')
      setUp('eth0')
      addRoute('default', { gateway: '10.9.0.1' })
      awaitRunning('eth0')
      const way = (to: string) => hops(to, 3, 60).map(({ address, isThere: there }) => `${address} ${there}`)
      if (way('203.0.113.7').join() !== '10.9.0.1 false,203.0.113.7 true') return 1
      // The machine has no route there and says so itself.
      return way('198.51.100.1').join() === '10.9.0.1 false' ? 0 : 2
    }, CLONE_NEWNET | SIGCHLD)
    here.wait()
    addVeth('uplink0', { name: 'eth0', pid: world })
    addVeth('cable0', { name: 'eth0', pid: result })
    addAddress('uplink0', '203.0.113.1/24')
    addAddress('cable0', '10.9.0.1/24')
    for (const name of ['uplink0', 'cable0']) setUp(name)
    changeSetting('net.ipv4.ip_forward', '1')
    isLaid.open()
    isThere.wait()
    awaitRunning('uplink0')
    isCabled.open()
    const { code } = waitpid(result)
    kill(world, 'SIGKILL')
    waitpid(world)
    return code
  })
  assert.equal(seen, 0)
})
