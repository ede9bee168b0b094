/** Right: TypeScript, where the child writes its own number to the group and then takes memory without any pause. */
import { clone } from '../../../../lib/clone.ts'
import { SIGCHLD } from '../../../../lib/flags.ts'
import { makeOwnGroup } from '../../../../lib/group/cgroup.ts'
import { takeMemory } from '../../../../lib/group/memory.ts'
import { getpid, waitpid } from '../../../../lib/process.ts'

const group = makeOwnGroup('own-words', 'memory')
group.limitMemory(20_000_000)
const pid = clone(() => {
  group.add(getpid())
  for (;;) takeMemory(500_000)
}, SIGCHLD)
const { signal } = waitpid(pid)
group.remove()
process.exitCode = signal === 'SIGKILL' ? 0 : 1
