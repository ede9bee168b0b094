/**
 * Which switch forbids user namespaces, tried with the switches of other machines.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { ensureKernel, kernelIsAtLeast } from '../machine/kernel-version.ts'
import { thrownBy } from '../testing/in-child.ts'
import { probeUserNamespaces, readSwitches, type Switches, whatForbids } from './user-namespaces.ts'

const OPEN: Switches = {
  isBuilt: true,
  most: 15000,
  debian: undefined,
  appArmor: undefined,
  isFiltered: false,
  isChrooted: false,
  isSelinux: false,
  mask: undefined,
}

test('each switch has its cause and, where there is one, the command that turns it', () => {
  const rows: [Partial<Switches>, RegExp, RegExp | undefined][] = [
    [{ isBuilt: false }, /CONFIG_USER_NS/, undefined],
    [{ most: 0 }, /max_user_namespaces is 0/, /sysctl user\.max_user_namespaces=\d+/],
    [{ debian: 0 }, /unprivileged_userns_clone is 0/, /sysctl kernel\.unprivileged_userns_clone=1/],
    [{ appArmor: 1 }, /AppArmor/, /sysctl kernel\.apparmor_restrict_unprivileged_userns=0/],
    [{ isFiltered: true }, /seccomp/, /--security-opt=seccomp=unconfined/],
    [{ isChrooted: true }, /chroot/, /pivot_root/],
    [{ isSelinux: true }, /SELinux/, /ausearch/],
  ]
  for (const [change, cause, remedy] of rows) {
    const found = whatForbids({ ...OPEN, ...change })
    assert.match(found?.cause ?? '', cause)
    if (remedy) assert.match(found?.remedy ?? '', remedy)
    else assert.equal(found?.remedy, undefined)
  }
  assert.equal(whatForbids({ ...OPEN, debian: 1, appArmor: 0 }), undefined)
})

test('what works has neither a cause nor a remedy', { skip: !readSwitches().isBuilt && 'no user namespaces' }, t => {
  const { works, cause, remedy } = probeUserNamespaces()
  if (!works) return t.skip(cause)
  assert.deepEqual([cause, remedy], [undefined, undefined])
})

test('versions of kernels are compared by their numbers', () => {
  assert.ok(
    kernelIsAtLeast(5, 9, '5.10.0-28-amd64') && kernelIsAtLeast(5, 10, '5.10') && kernelIsAtLeast(4, 19, '5.4.0'),
  )
  assert.ok(!kernelIsAtLeast(5, 11, '5.10.226') && !kernelIsAtLeast(6, 1, '5.15.167.4-microsoft-standard-WSL2'))
})

test('a kernel below the floor is refused with its release, what is needed and what helps', () => {
  ensureKernel('5.10.0-32-amd64')
  assert.match(
    thrownBy(() => ensureKernel('5.4.0-216-generic')).message,
    /^this is Linux 5\.4\.0-216-generic, and .* 5\.10 or later\nhint: npm run vm/,
  )
})
