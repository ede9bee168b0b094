/**
 * Rules as nft(8) and iptables(8) print them, and what they drop of a bridge's packets.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { droppedBy } from './dropping.ts'

const chain = (hook: string, policy: string, ...rules: readonly string[]) =>
  [
    'table inet filter {',
    `\tchain ${hook} {`,
    `\t\ttype filter hook ${hook} priority filter; policy ${policy};`,
    ...rules.map(rule => `\t\t${rule}`),
    '\t}',
    '}',
  ].join('\n')

const of = (text: string) => droppedBy('nft', text, 'br0')

test('a policy of drop is blamed, and the remedy is a command of the same program', () => {
  assert.deepEqual(of(chain('forward', 'drop')), {
    forward: [
      'nft insert rule inet filter forward iifname br0 accept',
      'nft insert rule inet filter forward oifname br0 accept',
    ],
    input: [],
  })
  assert.deepEqual(of(chain('input', 'drop', 'ct state established,related accept', 'tcp dport 22 accept')).input, [
    'nft insert rule inet filter input iifname br0 accept',
  ])
})

test('a policy of drop is not blamed where the port of the resolver, or the bridge, is let in', () => {
  for (const rule of ['udp dport 53 accept', 'udp dport { 53, 67 } accept', 'udp dport domain accept'])
    assert.deepEqual(of(chain('input', 'drop', rule)).input, [], rule)
  assert.deepEqual(of(chain('input', 'drop', 'iifname "br0" accept')).input, [])
  assert.deepEqual(of(chain('forward', 'drop', 'iifname "br0" accept')).forward, [])
  assert.equal(of(chain('input', 'drop', 'udp dport 5353 accept')).input.length, 1)
  assert.equal(of(chain('input', 'drop', 'iifname "br01" accept')).input.length, 1)
})

test('a rule that drops is blamed under any policy, and one for another port is not', () => {
  assert.equal(of(chain('input', 'accept', 'udp dport 53 drop')).input.length, 1)
  assert.equal(of(chain('forward', 'accept', 'counter packets 3 bytes 252 reject')).forward.length, 2)
  assert.deepEqual(of(chain('input', 'accept', 'tcp dport 25 drop')), { forward: [], input: [] })
})

test('of iptables the same', () => {
  const text = '-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'
  assert.deepEqual(droppedBy('iptables-legacy', text, 'br0'), {
    forward: ['iptables-legacy -I FORWARD -i br0 -j ACCEPT', 'iptables-legacy -I FORWARD -o br0 -j ACCEPT'],
    input: [],
  })
  const input = '-P INPUT DROP\n-P FORWARD ACCEPT\n-A INPUT -p udp -m udp --dport 53 -j ACCEPT'
  assert.deepEqual(droppedBy('iptables-nft', input, 'br0').input, [])
})

test('what another hook lets pass excuses nothing, and what a chain without a hook lets pass does', () => {
  const ofTables = (...lines: string[]) =>
    droppedBy('iptables', ['-P INPUT DROP', '-P FORWARD DROP', ...lines].join('\n'), 'br0')
  assert.equal(ofTables('-A FORWARD -i br0 -j ACCEPT', '-A OUTPUT -j ACCEPT').input.length, 1)
  const further = ofTables('-A INPUT -j ours', '-A FORWARD -j ours', '-A ours -i br0 -j ACCEPT')
  assert.deepEqual(further, { forward: [], input: [] })
  const policy = (hook: string) =>
    `  chain ${hook} {\n    type filter hook ${hook} priority 0; policy drop;\n    jump ours\n  }`
  const text = `table inet filter {\n  chain ours {\n    iifname "br0" accept\n  }\n${policy('input')}\n${policy('forward')}\n}`
  assert.deepEqual(droppedBy('nft', text, 'br0'), { forward: [], input: [] })
})
