/**
 * Two labs that have a bridge in one network at the same time: neither takes away what the other one still needs, and the
 * settings of the machine come back with the last.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { CLONE_NEWNET } from '../flags.ts'
import { addBridge } from '../net/rtnetlink/links.ts'
import { changeSetting, setting } from '../net/settings.ts'
import { inChild } from '../testing/in-child.ts'
import { markBridge, markedBridges, takeBack } from './own-bridge.ts'

const FORWARDING = 'net.ipv4.ip_forward'

/** Makes two marked bridges one after the other. @returns the setting after each end, and what is left */
const endings = (order: readonly ('older' | 'newer')[]) =>
  inChild(CLONE_NEWNET, () => {
    changeSetting(FORWARDING, '0')
    const before = new Map(
      ['older', 'newer'].map(name => {
        const settings = { [FORWARDING]: setting(FORWARDING) ?? '' }
        addBridge(name)
        markBridge(name, settings)
        changeSetting(FORWARDING, '1')
        return [name, settings] as const
      }),
    )
    const forwards = order.map(name => {
      takeBack(name, before.get(name) ?? {})
      return setting(FORWARDING)
    })
    return { forwards, left: markedBridges() }
  })

test('forwarding stays on while one of two bridges is there, and is put back with the last', () => {
  for (const order of [
    ['older', 'newer'],
    ['newer', 'older'],
  ] as const)
    assert.deepEqual(endings(order), { forwards: ['1', '0'], left: [] })
})
