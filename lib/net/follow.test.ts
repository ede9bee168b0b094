/**
 * Networks as they change, and the pings that pass, in network namespaces made for it.
 */
import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import test from 'node:test'
import { cloneExec } from '../clone-exec.ts'
import * as F from '../flags.ts'
import { inNamespaceBy, unshare } from '../namespaces.ts'
import { waitpid } from '../process.ts'
import { inChild } from '../testing/in-child.ts'
import { type Echo, EchoTap, toEcho } from './echoes.ts'
import { NetworkFollower } from './follow.ts'
import { NETLINK, openNetlink, setReceiveBuffer, told } from './netlink.ts'
import type { NetworkState } from './network-state.ts'
import { addVeth } from './rtnetlink/links.ts'

/** Runs a command in the calling process's network, in silence. */
const run = (command: string) => waitpid(cloneExec(['sh', '-c', `${command} >/dev/null 2>&1`])).code

test('every change of an interface, an address and a route is told, also one that is undone at once', () => {
  const seen = inChild(F.CLONE_NEWNET, () => {
    const follower = new NetworkFollower()
    const before = follower.state.links.map(({ name }) => name)
    run('ip link add one type veth peer name other && ip link set one up && ip addr add 10.0.0.3/24 dev one')
    run('ip addr del 10.0.0.3/24 dev one; ip link del one')
    const states = follower.changes()
    const some = (is: (state: NetworkState) => boolean) => states.some(is)
    return {
      before,
      wasThere: some(({ links }) => links.some(({ name, kind }) => name === 'other' && kind === 'veth')),
      wasUp: some(({ links }) => links.some(({ name, isUp }) => name === 'one' && isUp)),
      hadAddress: some(({ links }) => links.some(({ addresses }) => addresses.includes('10.0.0.3/24'))),
      hadRoute: some(({ routes }) => routes.some(({ destination }) => destination === '10.0.0.0/24')),
      after: follower.state.links.map(({ name }) => name),
      isSame: JSON.stringify(follower.state.links) === JSON.stringify(new NetworkFollower().state.links),
      again: follower.changes().length,
    }
  })
  const { before, after, ...facts } = seen
  assert.deepEqual(after, before)
  assert.deepEqual(facts, { wasThere: true, wasUp: true, hadAddress: true, hadRoute: true, isSame: true, again: 0 })
})

test('of a veth it is known in which network its other end is', () => {
  const seen = inChild(F.CLONE_NEWNET, () => {
    const outside = new NetworkFollower()
    const here = openSync('/proc/self/ns/net', 'r')
    unshare(F.CLONE_NEWNET)
    const inside = new NetworkFollower()
    const there = openSync('/proc/self/ns/net', 'r')
    unshare(F.CLONE_NEWNET)
    const third = new NetworkFollower()
    inNamespaceBy(here, 'net', () => run(`ip link add one type veth peer name other netns /proc/$PPID/fd/${there}`))
    for (const follower of [outside, inside]) {
      follower.changes()
      follower.askAgain()
    }
    closeSync(here)
    const [one] = outside.state.links.filter(({ kind }) => kind === 'veth')
    const [other] = inside.state.links.filter(({ kind }) => kind === 'veth')
    return {
      indexes: [one?.peerIndex === other?.index, other?.peerIndex === one?.index],
      networks: [one?.peerNsid === outside.nsidOf(inside), other?.peerNsid === inside.nsidOf(outside)],
      third: outside.nsidOf(third) === one?.peerNsid,
      isUnfinished: outside.isUnfinished || inside.isUnfinished,
    }
  })
  assert.deepEqual(seen, { indexes: [true, true], networks: [true, true], third: false, isUnfinished: false })
})

test('of more than a socket can hold, the first is told, and that it is not all', () => {
  const seen = inChild(F.CLONE_NEWNET, () => {
    const fd = openNetlink(NETLINK.RTMGRP_LINK)
    // The kernel makes it as small as it can be.
    setReceiveBuffer(fd, 1)
    for (let i = 0; i < 20; i++) addVeth(`one${i}`, { name: `other${i}` })
    const { messages, isWhole } = told(fd)
    return { isWhole, length: messages.length, after: told(fd) }
  })
  assert.equal(seen.isWhole, false)
  assert.ok(seen.length > 0 && seen.length < 40, `${seen.length} messages`)
  assert.deepEqual(seen.after, { messages: [], isWhole: true })
})

test('an echo request and its reply are seen at each interface that they pass', () => {
  const echoes = inChild(F.CLONE_NEWNET, () => {
    const tap = new EchoTap()
    run('ip link set lo up; ping -c 2 -i 0.2 127.0.0.1')
    return tap.echoes()
  })
  const shown = ({ kind, way, sequence }: Echo) => `${kind} ${sequence} ${way}`
  const each = (sequence: number) =>
    ['request', 'reply'].flatMap(kind => [`${kind} ${sequence} out`, `${kind} ${sequence} in`])
  assert.deepEqual(echoes.map(shown).sort(), [...each(1), ...each(2)].sort())
  assert.ok(
    echoes.every(({ source, target, id }) => source === '127.0.0.1' && target === source && id === echoes[0]?.id),
  )
})

test('what is too short to be an echo, or is another message of ICMP, is none', () => {
  const packet = Buffer.alloc(28)
  packet.writeUInt8(0x45, 0)
  packet.writeUInt8(8, 20)
  packet.writeUInt16BE(7, 24)
  packet.writeUInt16BE(9, 26)
  assert.deepEqual(toEcho(packet), { kind: 'request', source: '0.0.0.0', target: '0.0.0.0', id: 7, sequence: 9 })
  assert.equal(toEcho(packet.subarray(0, 27)), undefined)
  packet.writeUInt8(3, 20)
  assert.equal(toEcho(packet), undefined)
})
