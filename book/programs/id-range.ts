/**
 * A user namespace with 65,536 users, as runtimes make it: 0 inside is 100000 outside, 1 is 100001, and so on.
 */
import { chownSync, statSync, writeFileSync } from 'node:fs'
import { clone } from '../../lib/clone.ts'
import { CLONE_NEWUSER, SIGCHLD } from '../../lib/flags.ts'
import { makeGate } from '../../lib/gate.ts'
import { waitpid } from '../../lib/process.ts'
import { becomeRoot, writeIdMaps } from '../../lib/rights/users.ts'

// #region program
const [root, guest] = ['/tmp/of-root', '/tmp/of-guest']
const mapIsWritten = makeGate()

const pid = clone(() => {
  mapIsWritten.wait()
  becomeRoot()
  writeFileSync(root, '')
  writeFileSync(guest, '')
  chownSync(guest, 1000, 1000)
  console.log(`inside:  ${statSync(root).uid} and ${statSync(guest).uid}`)
}, CLONE_NEWUSER | SIGCHLD)
writeIdMaps(pid, [{ inside: 0, outside: 100_000, count: 65_536 }])
mapIsWritten.open()
waitpid(pid)
console.log(`outside: ${statSync(root).uid} and ${statSync(guest).uid}`)
// #endregion program
