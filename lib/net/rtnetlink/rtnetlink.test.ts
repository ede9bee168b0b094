/**
 * Changes by rtnetlink, each against what ip(8) says of it, in network namespaces made for it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import { fork } from '../../clone.ts'
import { CLONE_NEWNET } from '../../flags.ts'
import { makeGate } from '../../gate.ts'
import { inNamespace, unshare } from '../../namespaces.ts'
import { kill, waitpid } from '../../process.ts'
import { inChild, thrownBy } from '../../testing/in-child.ts'
import { addAddress, removeAddress } from './addresses.ts'
import { addBridge, addVeth, deleteLink, moveLink, renameLink, setDown, setMaster, setUp } from './links.ts'
import { forwardingTable, neighbours } from './neighbours.ts'
import { addRoute, removeRoute, routes } from './routes.ts'

const ip = (...words: string[]) => spawnSync('ip', words, { encoding: 'utf8' }).stdout.trim()

/** Runs something while a child lives in a network of its own. */
function withNeighbour<T>(action: (pid: number) => T): T {
  const [isThere, never] = [makeGate(), makeGate()]
  const pid = fork(() => {
    unshare(CLONE_NEWNET)
    isThere.open()
    never.wait()
  })
  isThere.wait()
  try {
    return action(pid)
  } finally {
    kill(pid, 'SIGKILL')
    waitpid(pid)
  }
}

test('a pair is laid into another network, is a port of a bridge, moves and is renamed', () => {
  const seen = inChild(CLONE_NEWNET, () =>
    withNeighbour(pid => {
      addVeth('one', { name: 'other', pid })
      addBridge('br0')
      setMaster('one', 'br0')
      const port = ip('-oneline', 'link', 'show', 'one')
      setMaster('one', undefined)
      const none = ip('-oneline', 'link', 'show', 'one')
      setUp('br0')
      const up = ip('-brief', 'link', 'show', 'br0')
      setDown('br0')
      const down = ip('-brief', 'link', 'show', 'br0')
      renameLink('one', 'first')
      addVeth('here', { name: 'too' })
      moveLink('too', pid)
      const there = inNamespace(pid, 'net', () => ip('-brief', 'link'))
      deleteLink('first')
      return { port, none, up, down, there, after: ip('-brief', 'link') }
    }),
  )
  assert.match(seen.port, / master br0 /)
  assert.doesNotMatch(seen.none, /master/)
  assert.match(seen.up, /[<,]UP[,>]/)
  assert.doesNotMatch(seen.down, /[<,]UP[,>]/)
  assert.match(seen.there, /^other@/m)
  assert.match(seen.there, /^too@/m)
  assert.match(seen.after, /^here@/m)
  assert.doesNotMatch(seen.after, /^(one|first)@/m)
})

test('addresses and routes of both families are added and removed', () => {
  const seen = inChild(CLONE_NEWNET, () => {
    addVeth('one', { name: 'other' })
    setUp('one')
    setUp('other')
    addAddress('one', '10.9.0.2/24')
    addAddress('one', 'fd09::2/64')
    addRoute('default', { gateway: '10.9.0.1' })
    addRoute('default', { gateway: 'fd09::1' })
    addRoute('10.8.0.0/16', { link: 'other' })
    const [address, four, six] = [ip('-brief', 'address'), ip('route'), ip('-6', 'route')]
    const own = routes()
    removeRoute('default', { gateway: '10.9.0.1' })
    removeAddress('one', 'fd09::2/64')
    return { address, four, six, own, after: [ip('-brief', 'address'), ip('route')] }
  })
  assert.match(seen.address, /^one@other .* 10\.9\.0\.2\/24 .*fd09::2\/64/m)
  assert.match(seen.four, /^default via 10\.9\.0\.1 dev one/m)
  assert.match(seen.four, /^10\.8\.0\.0\/16 dev other scope link/m)
  assert.match(seen.six, /^default via fd09::1 dev one/m)
  assert.deepEqual(seen.own.toSorted(), ['10.8.0.0/16', '10.9.0.0/24', 'default via 10.9.0.1'])
  assert.doesNotMatch(seen.after.join('\n'), /default|fd09/)
})

test('an error says which change it was, and what helps', () => {
  const said = inChild(CLONE_NEWNET, () => {
    addBridge('br0')
    const errors = [
      () => addBridge('br0'),
      () => setUp('none'),
      () => addRoute('default', { gateway: '10.9.0.1' }),
      () => addAddress('br0', '10.9.0.1'),
      () => addBridge('a name'),
    ]
    return errors.map(action => thrownBy(action).message)
  })
  const [taken, absent, unreachable, noPrefix, noName] = said
  assert.match(taken ?? '', /^rtnetlink\(RTM_NEWLINK, "br0", bridge\): EEXIST .*\nhint: /)
  assert.match(absent ?? '', /^rtnetlink\(RTM_GETLINK, "none"\): ENODEV .*\nhint: /)
  assert.match(unreachable ?? '', /^rtnetlink\(RTM_NEWROUTE, default via 10\.9\.0\.1\): ENETUNREACH .*\nhint: /)
  assert.match(noPrefix ?? '', /10\.9\.0\.1\/|such as 10\.0\.0\.4\/24/)
  assert.match(noName ?? '', /1 to 15/)
})

test('a bridge keeps its hardware address, whichever ports come and go', () => {
  const seen = inChild(CLONE_NEWNET, () => {
    const address = () => /ether (\S+)/.exec(ip('link', 'show', 'br0'))?.[1]
    addBridge('br0')
    const found = [address()]
    for (const port of ['one', 'two', 'three']) {
      addVeth(port, { name: `${port}-peer` })
      setMaster(port, 'br0')
      found.push(address())
    }
    for (const port of ['one', 'two', 'three']) {
      deleteLink(port)
      found.push(address())
    }
    return found
  })
  assert.match(seen[0] ?? '', /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/)
  assert.deepEqual([...new Set(seen)], [seen[0]])
})

test('a bridge learns behind which port somebody is, and who asks learns their hardware address', () => {
  const seen = inChild(CLONE_NEWNET, () =>
    withNeighbour(pid => {
      addBridge('br0')
      setUp('br0')
      addAddress('br0', '10.9.0.1/24')
      addVeth('one', { name: 'eth0', pid })
      setMaster('one', 'br0')
      setUp('one')
      inNamespace(pid, 'net', () => {
        addAddress('eth0', '10.9.0.2/24')
        setUp('eth0')
      })
      spawnSync('ping', ['-c', '1', '-W', '60', '10.9.0.2'])
      const hardware = inNamespace(pid, 'net', () => /ether (\S+)/.exec(ip('link', 'show', 'eth0'))?.[1])
      return { hardware, table: forwardingTable('br0'), known: neighbours() }
    }),
  )
  assert.deepEqual(seen.table, [{ hardware: seen.hardware, port: 'one' }])
  assert.deepEqual(
    seen.known.filter(({ address }) => address === '10.9.0.2'),
    [{ address: '10.9.0.2', hardware: seen.hardware, link: 'br0' }],
  )
})
