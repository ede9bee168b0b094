/**
 * Rules and connections as the kernel holds them, in network namespaces made for it: three networks, of which the middle
 * one forwards and rewrites.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { clone } from '../../clone.ts'
import { CLONE_NEWNET, SIGCHLD } from '../../flags.ts'
import { makeGate } from '../../gate.ts'
import { findProgram } from '../../machine/find-program.ts'
import { kill, waitpid } from '../../process.ts'
import { inChild } from '../../testing/in-child.ts'
import { awaitRunning } from '../interfaces.ts'
import { addAddress } from '../rtnetlink/addresses.ts'
import { addVeth, setUp } from '../rtnetlink/links.ts'
import { addRoute } from '../rtnetlink/routes.ts'
import { changeSetting } from '../settings.ts'
import { greet } from '../talk/greetings.ts'
import { connectTcp } from '../talk/sockets.ts'
import { ConnectionListener, connections, tupleText } from './conntrack.ts'
import { makeFirewall } from './firewall.ts'
import { natRules, RuleListener } from './rules.ts'

const silent = () => {}
const skip = findProgram('nft') ? false : 'nft is not installed'

test('rules are heard of and read back, whoever wrote them, and go with their table', { skip }, () => {
  const seen = inChild(CLONE_NEWNET, () => {
    const listener = new RuleListener()
    const firewall = makeFirewall('own', silent)
    firewall.masquerade('10.9.0.0/24', 'br0')
    firewall.publish({ address: '203.0.113.1', port: 80 }, { address: '10.9.0.2', port: 8080 })
    firewall.publish({ address: '2001:db8::1', port: 80 }, { address: 'fd09::2', port: 8080 })
    firewall.dropForwarded()
    const [heard, held] = [listener.news(), natRules()]
    if (findProgram('iptables-nft'))
      spawnSync('iptables-nft', ['-t', 'nat', '-A', 'POSTROUTING', '-s', '10.9.0.0/24', '-j', 'MASQUERADE'])
    const ofIptables = listener.news().map(({ does }) => does)
    firewall.remove()
    return { heard, held, ofIptables, left: natRules().filter(({ table }) => table === 'own') }
  })
  assert.deepEqual(
    seen.heard.map(({ does }) => does),
    ['masquerade', 'dnat', 'dnat'],
  )
  assert.deepEqual(seen.held.map(({ chain, does }) => `${chain} ${does}`).toSorted(), [
    'arriving dnat',
    'arriving dnat',
    'leaving masquerade',
  ])
  assert.deepEqual(seen.ofIptables, findProgram('iptables-nft') ? ['masquerade'] : [])
  assert.deepEqual(seen.left, [])
})

test('a connection that is rewritten has two tuples, and both of its ends see another address', { skip }, () => {
  const seen = inChild(CLONE_NEWNET, () => {
    const [isLaid, serves, mayAsk] = [makeGate(), makeGate(), makeGate()]
    const world = clone(() => {
      isLaid.wait()
      addAddress('eth0', '203.0.113.7/24')
      setUp('eth0')
      const answer = greet(silent, [{ address: '203.0.113.7', port: 7 }])
      serves.open()
      answer()
    }, CLONE_NEWNET | SIGCHLD)
    const listener = new ConnectionListener()
    addVeth('uplink0', { name: 'eth0', pid: world })
    addAddress('uplink0', '203.0.113.1/24')
    const asks = clone(() => {
      mayAsk.wait()
      addAddress('eth0', '10.9.0.2/24')
      setUp('eth0')
      addRoute('default', { gateway: '10.9.0.1' })
      awaitRunning('eth0')
      const { fd } = connectTcp({ address: '203.0.113.7', port: 7 }, 60)
      return readFileSync(fd, 'utf8') === 'I see you at 203.0.113.1' ? 0 : 1
    }, CLONE_NEWNET | SIGCHLD)
    addVeth('cable0', { name: 'eth0', pid: asks })
    addAddress('cable0', '10.9.0.1/24')
    for (const name of ['uplink0', 'cable0']) setUp(name)
    changeSetting('net.ipv4.ip_forward', '1')
    makeFirewall('own', silent).masquerade('10.9.0.0/24', 'br0')
    isLaid.open()
    serves.wait()
    awaitRunning('uplink0')
    mayAsk.open()
    const { code } = waitpid(asks)
    const heard = listener.news()
    // Before the world ends: its cable goes with it, and the kernel forgets connections that were masqueraded there.
    const held = connections()
    closeSync(listener.fd)
    kill(world, 'SIGKILL')
    waitpid(world)
    return { code, heard, held }
  })
  assert.equal(seen.code, 0)
  const [one] = seen.heard
  assert.ok(one)
  assert.deepEqual(
    { source: one.changesSource, target: one.changesTarget, isWritten: one.isWritten, protocol: one.protocol },
    { source: true, target: false, isWritten: false, protocol: 6 },
  )
  assert.match(tupleText(one.original), /^10\.9\.0\.2:\d+ → 203\.0\.113\.7:7$/)
  assert.match(tupleText(one.reply), /^203\.0\.113\.7:7 → 203\.0\.113\.1:\d+$/)
  assert.deepEqual(
    seen.held.map(({ original }) => original),
    [one.original],
  )
})
