/** Right: the four children in TypeScript, made one by one, without a gate and with the parent's tidying up afterwards. */
import { closeSync, openSync } from 'node:fs'
import { clone, fork } from '../../../../lib/clone.ts'
import { CLONE_FILES, CLONE_FS, CLONE_VFORK, CLONE_VM, SIGCHLD } from '../../../../lib/flags.ts'
import { waitpid } from '../../../../lib/process.ts'

const home = process.cwd()

function errand(directory: string, start: (child: () => number) => number): void {
  const fd = openSync('/etc/hostname', 'r')
  const pid = start(() => {
    closeSync(fd)
    process.chdir(directory)
    return 0
  })
  const { code } = waitpid(pid)
  if (code !== 0) process.exit(1)
  process.chdir(home)
}

errand('/', child => fork(child))
errand('/usr', child => clone(child, CLONE_VM | CLONE_VFORK | SIGCHLD))
errand('/etc', child => clone(child, CLONE_FILES | SIGCHLD))
errand('/var', child => clone(child, CLONE_FS | SIGCHLD))
