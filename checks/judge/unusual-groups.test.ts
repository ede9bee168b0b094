/**
 * On a machine that has its control groups at another place than all others, a program finds them where it looks for them.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'

const CHECK = [process.execPath, ...startWords(), 'checks/check.ts']
/** Moves all of them, in mounts of the test's own, and then does what it is told. */
const MOVED = 'mount -t tmpfs none /mnt && mkdir /mnt/groups && mount --move /sys/fs/cgroup /mnt/groups && exec "$@"'

const skip = findProgram('mount') === undefined && 'PATH has no mount'

test('lab 5 is judged where the groups are not at /sys/fs/cgroup', { skip }, () => {
  const command = [
    '--net',
    '--mount',
    'sh',
    '-c',
    MOVED,
    'sh',
    ...CHECK,
    'lab5',
    'checks/labs/05-memory-oom/right/oom.sh',
  ]
  const { status, stdout, stderr } = spawnSync('unshare', command, { cwd: ROOT, encoding: 'utf8', timeout: 120_000 })
  assert.equal(status, 0, stdout + stderr)
})
