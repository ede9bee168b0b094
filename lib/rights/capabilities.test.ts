import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { execvp } from '../exec.ts'
import { libcFunction } from '../machine/libc.ts'
import { sethostname } from '../namespaces.ts'
import { capture, inChild, thrownBy } from '../testing/in-child.ts'
import * as C from './capabilities.ts'
import { raiseAmbient, setNoNewPrivs } from './prctl.ts'
import { becomeUser } from './users.ts'

const options = { skip: process.getuid?.() !== 0 && 'gives capabilities up, which takes having them' }

test('sets and names stand for one another', () => {
  const set = C.setOf(['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE'])
  assert.equal(set, (1n << 40n) | 1n)
  assert.deepEqual(C.capabilityNames(set), ['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE'])
  assert.deepEqual([C.countCapabilities(set), C.countCapabilities(0n)], [2, 0])
  assert.equal(C.hasCapability(set, 'CAP_SYS_ADMIN'), false)
  assert.equal(C.parseCapabilities('Name:\tnobody\n'), undefined)
})

const libcPrctl = libcFunction('int prctl(int option, unsigned long value)')
/** PR_SET_KEEPCAPS: a change of user does not empty the permitted set. */
const keepAcrossUsers = () => libcPrctl(8, 1)

const own = () => C.capabilitySets() as C.CapabilitySets
/** The sets as text, which a child can hand over. */
const asText = ({ effective, permitted, inheritable, bounding, ambient }: C.CapabilitySets) =>
  [effective, permitted, inheritable, bounding, ambient].map(set => set.toString(16))

suite('capabilities', options, () => {
  test('what is given up is gone from all five sets, and execve does not bring it back', () => {
    const kept = C.setOf(['CAP_CHOWN', 'CAP_SETUID'])
    const text = kept.toString(16)
    const seen = inChild(0, () => {
      C.keepCapabilities(kept)
      const error = thrownBy(() => sethostname('other'))
      const after = capture(0, () => execvp('grep', ['grep', '^Cap', '/proc/self/status'])).output
      return {
        sets: asText(own()),
        code: error.code,
        after: after.match(/[0-9a-f]{16}/g)?.map(set => BigInt(`0x${set}`).toString(16)),
      }
    })
    assert.deepEqual(seen.sets, [text, text, '0', text, '0'])
    assert.equal(seen.code, 'EPERM')
    // In the order of proc_pid_status(5): inheritable, permitted, effective, bounding, ambient.
    assert.deepEqual(seen.after, ['0', text, text, text, '0'])
  })

  test('what was given up cannot be taken again, and the error says so', () => {
    const seen = inChild(0, () => {
      C.capset({ effective: 0n, permitted: 0n, inheritable: 0n })
      const { code, message } = thrownBy(() => C.capset({ effective: 1n, permitted: 1n, inheritable: 0n }))
      return { code, message, bounding: own().bounding !== 0n }
    })
    assert.equal(seen.code, 'EPERM')
    assert.match(seen.message, /^capset\(0x1, 0x1, 0x0\): EPERM .*\nhint: a capability can be given up and never taken/)
    assert.equal(seen.bounding, true)
  })

  test('an ordinary user keeps across execve what is in the ambient set, and no_new_privs lasts', () => {
    const seen = inChild(0, () => {
      const chown = C.setOf(['CAP_CHOWN'])
      const { permitted } = own()
      C.capset({ effective: permitted, permitted, inheritable: chown })
      keepAcrossUsers()
      becomeUser(4711, 4711)
      C.capset({ effective: chown, permitted: chown, inheritable: chown })
      raiseAmbient(C.CAPABILITIES.CAP_CHOWN)
      setNoNewPrivs()
      const fields = '^(Uid|CapEff|CapAmb|NoNewPrivs):'
      return capture(0, () => execvp('grep', ['grep', '-E', fields, '/proc/self/status'])).output
    })
    assert.match(seen, /^Uid:\t4711\t4711\t4711\t4711\nCapEff:\t0{15}1\nCapAmb:\t0{15}1\nNoNewPrivs:\t1$/m)
  })
})
