/**
 * What a check says where a filter around it refuses a call without which it would wait for ever.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { libcFunction } from '../../lib/machine/libc.ts'
import { inChild, thrownBy } from '../../lib/testing/in-child.ts'
import { callNumbers, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, traceFilter } from '../../lib/trace/seccomp.ts'
import { ensureEnds } from './needs.ts'

/** `<linux/prctl.h>` */
const PR_SET_NO_NEW_PRIVS = 38
/** `<asm/unistd.h>` */
const NUMBERS: Partial<Record<NodeJS.Architecture, Record<string, number>>> = {
  x64: { kill: 62, waitid: 247, wait4: 61 },
  arm64: { kill: 129, waitid: 95, wait4: 260 },
}
const numbers = NUMBERS[process.arch] ?? {}

const allowNoMore = libcFunction(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
)
const addFilter = libcFunction('int prctl(int option, unsigned long mode, sock_fprog *program)')

/** From here on a call fails in the calling process with ENOSYS, as under the filter of a container. */
function refuse(number: number): void {
  allowNoMore(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
  const filter = traceFilter(callNumbers().audit as number, [], [number])
  assert.equal(addFilter(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, { len: filter.length / 8, filter }), 0)
}

for (const [name, number] of Object.entries(numbers))
  test(`where ${name} is refused, a check says so before it begins anything`, () => {
    const said = inChild(0, () => {
      refuse(number)
      return thrownBy(ensureEnds).message
    })
    assert.match(said, new RegExp(`the judge lacks .*\\b${name}\\(2\\).*: ${name}\\(.*ENOSYS`))
  })

test('where nothing is refused, nothing is said', () => {
  assert.doesNotThrow(ensureEnds)
})
