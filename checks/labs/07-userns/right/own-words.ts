// Right: the same in TypeScript, one process after the other, with other users and another capability.
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clone, fork } from '../../../../lib/clone.ts'
import { execve, execvp } from '../../../../lib/exec.ts'
import * as F from '../../../../lib/flags.ts'
import { makeGate } from '../../../../lib/gate.ts'
import { mknod } from '../../../../lib/mount/device-nodes.ts'
import { mount } from '../../../../lib/mount/mount.ts'
import { sethostname, unshare } from '../../../../lib/namespaces.ts'
import { waitpid } from '../../../../lib/process.ts'
import { CAPABILITIES, capabilitySets, capset } from '../../../../lib/rights/capabilities.ts'
import { dropFromBounding, setNoNewPrivs } from '../../../../lib/rights/prctl.ts'
import { becomeRoot, becomeUser, enterUserNamespace, writeIdMaps } from '../../../../lib/rights/users.ts'

const RANGE = [{ inside: 0, outside: 30000, count: 100 }]
const folder = mkdtempSync(join(tmpdir(), 'words-'))
chmodSync(folder, 0o777)

function inUserNamespace(life: () => void): void {
  const mapped = makeGate()
  const pid = clone(() => {
    mapped.wait()
    becomeRoot()
    life()
  }, F.CLONE_NEWUSER | F.SIGCHLD)
  writeIdMaps(pid, RANGE)
  mapped.open()
  process.exitCode = waitpid(pid).code || process.exitCode || 0
}

function tell(action: () => void): void {
  try {
    action()
  } catch (error) {
    console.log((error as Error).message)
  }
}

function isRefused(): void {
  const nest = () => {
    for (;;) enterUserNamespace()
  }
  tell(() => sethostname('outside'))
  tell(() => mknod(join(folder, 'null'), 0o020666, 0x103))
  tell(() => chownSync('/etc/hosts', 0, 0))
  waitpid(fork(() => tell(nest)))
}

function isRoot(): void {
  unshare(F.CLONE_NEWNS | F.CLONE_NEWUTS)
  sethostname('words')
  const own = join(folder, 'own')
  mkdirSync(own)
  mount('words', own, 'tmpfs', 0, 'mode=755')
  const program = join(own, 'id')
  copyFileSync('/usr/bin/id', program)
  chownSync(program, 50, 50)
  chmodSync(program, 0o4755)
  for (const isBound of [false, true]) {
    const run = () => {
      becomeUser(60, 60)
      if (isBound) setNoNewPrivs()
      execve(program, ['id'])
    }
    waitpid(fork(run))
  }
}

function hasLess(): void {
  dropFromBounding(CAPABILITIES.CAP_NET_RAW)
  const { permitted = 0n } = capabilitySets() ?? {}
  const kept = permitted & ~(1n << BigInt(CAPABILITIES.CAP_NET_RAW))
  capset({ effective: kept, permitted: kept, inheritable: 0n })
  execvp('id', ['id'])
}

inUserNamespace(() => writeFileSync(join(folder, 'file'), 'made inside'))
inUserNamespace(isRefused)
inUserNamespace(isRoot)
inUserNamespace(hasLess)
openSync(folder, 'r')
rmSync(folder, { recursive: true })
