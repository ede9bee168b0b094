/**
 * Addresses as text and as bytes.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { ipBytes, ipText, prefixOf } from './ip.ts'

test('an address survives the way into bytes and back, in the short form of RFC 5952', () => {
  const forms = {
    '10.0.0.4': '10.0.0.4',
    '::': '::',
    '::1': '::1',
    'fd09::': 'fd09::',
    '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
  }
  const others = {
    '1:0:0:2:0:0:0:3': '1:0:0:2::3',
    '1:2:3:4:5:6:7:8': '1:2:3:4:5:6:7:8',
    '::ffff:10.0.0.4': '::ffff:a00:4',
    '0:1::': '0:1::',
  }
  for (const [text, short] of Object.entries({ ...forms, ...others })) assert.equal(ipText(ipBytes(text)), short)
  assert.deepEqual([...ipBytes('fd09::2')], [0xfd, 9, ...Array<number>(13).fill(0), 2])
})

test('what is no address is refused, with what was expected', () => {
  for (const wrong of ['', '10.0.0', '10.0.0.256', 'fd00:::1', 'x'])
    assert.throws(() => ipBytes(wrong), /must be an address/)
  for (const wrong of ['10.0.0.4', '10.0.0.4/33', 'fd00::/129', '10.0.0.4/-1', '/24'])
    assert.throws(() => prefixOf(wrong), /10\.0\.0\.4\/24/)
  assert.deepEqual(prefixOf('fd00::4/64'), { address: 'fd00::4', length: 64 })
})
