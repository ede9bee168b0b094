/**
 * Control groups, in whatever dialects this machine speaks.
 */
import assert from 'node:assert/strict'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { clone, fork } from '../clone.ts'
import { CLONE_NEWNS, CLONE_NEWPID, SIGCHLD } from '../flags.ts'
import { INITIAL_PID_NAMESPACE } from '../machine/container.ts'
import { until } from '../machine/until.ts'
import { MS_BIND, MS_PRIVATE, MS_REC, mount, umount2 } from '../mount/mount.ts'
import { namespaces } from '../namespaces.ts'
import { getpid, kill, sleep, WNOHANG, waitpid } from '../process.ts'
import { becomeUser } from '../rights/users.ts'
import { inChild, thrownBy } from '../testing/in-child.ts'
import { readProc, statusField } from '../trace/proc.ts'
import { borrowMemoryGroup, groupAt, makeGroup, makeOwnGroup, openGroup, ownName, sweepGroups } from './cgroup.ts'
import { removeGroup } from './directory.ts'
import type { Group } from './group.ts'
import { hierarchiesWith, hierarchyWith, layout } from './hierarchies.ts'
import { takeMemory, wholePages } from './memory.ts'

let count = 0
const freshName = () => ownName(`test${count++}`)

/** Runs with a new group that is removed afterwards. */
function withGroup(controller: 'memory' | 'freezer', dialect: 'v1' | 'v2' | undefined, use: (group: Group) => void) {
  const group = makeGroup(freshName(), controller, dialect ? { dialect } : {})
  try {
    use(group)
  } finally {
    group.kill()
    group.remove()
  }
  assert.equal(existsSync(group.path), false)
}

/** A child that sleeps in the group, and is waited for. */
function withSleeper(group: Group, use: (pid: number) => void): void {
  const pid = fork(() => sleep(60))
  try {
    group.add(pid)
    use(pid)
  } finally {
    group.kill()
    waitpid(pid)
  }
}

test('the layout is what the mounts say, and every controller is found in a hierarchy that is mounted', () => {
  assert.ok(['v1', 'v2', 'hybrid'].includes(layout()))
  for (const controller of ['memory', 'freezer'] as const) {
    const { path, dialect } = hierarchyWith(controller)
    assert.equal(existsSync(join(path, 'cgroup.procs')), true)
    assert.equal(hierarchyWith(controller, dialect).path, path)
  }
})

test('a missing controller is named together with a remedy', () => {
  const error = inChild(0, () => {
    try {
      // A dialect that no machine has.
      hierarchyWith('memory', 'v3' as 'v1')
    } catch (thrown) {
      return (thrown as Error).message
    }
    return ''
  })
  assert.match(error, /^no control group here can have the memory controller in cgroup v3\nhint: /)
})

test('every step is reported as the shell command that does the same', () => {
  const told: string[] = []
  const group = makeGroup(freshName(), 'memory', { tell: command => told.push(command) })
  group.limitMemory(20_000_000)
  group.remove()
  const [first, second] = told.filter(command => !command.includes('subtree_control'))
  assert.equal(first, `mkdir ${group.path}`)
  assert.match(second ?? '', new RegExp(`^echo 20000000 > ${group.path}/memory\\.(limit_in_bytes|max|memsw)`))
  assert.equal(
    told.findLast(command => !command.includes('subtree_control')),
    `rmdir ${group.path}`,
  )
})

test('a limit is whole pages, and the group holds what its processes take from then on', () => {
  withGroup('memory', undefined, group => {
    group.limitMemory(20_000_000)
    assert.deepEqual([group.memory().limit, group.memory().oomKills], [wholePages(20_000_000), 0])
    const pid = fork(() => {
      until(() => group.processes().length > 0, 5)
      takeMemory(3_000_000)
      sleep(60)
    })
    group.add(pid)
    assert.deepEqual(group.processes(), [pid])
    assert.ok(until(() => group.memory().usage > 3_000_000, 5))
    group.kill()
    waitpid(pid)
  })
})

test('settings can be written back', () => {
  withGroup('memory', undefined, group => {
    const before = group.memorySettings()
    group.limitMemory(20_000_000)
    assert.notDeepEqual(group.memorySettings(), before)
    for (const [file, text] of before) group.write(file, text)
    assert.deepEqual(group.memorySettings(), before)
  })
})

for (const { dialect } of hierarchiesWith('freezer')) {
  test(`${dialect}: freeze returns when the kernel says that it is done, and thaw lets every process go on`, () => {
    withGroup('freezer', dialect, group => {
      withSleeper(group, pid => {
        assert.equal(group.isFrozen(), false)
        group.freeze()
        assert.equal(group.isFrozen(), true)
        assert.equal(group.freezerState(), dialect === 'v1' ? 'FROZEN' : 'frozen 1')
        assert.match(statusField(pid, 'State') ?? '', dialect === 'v1' ? /^D/ : /^S/)
        group.thaw()
        assert.ok(until(() => !group.isFrozen(), 5))
      })
    })
  })

  test(`${dialect}: kill ends every process, frozen or not`, () => {
    withGroup('freezer', dialect, group => {
      const pids = [fork(() => sleep(60)), fork(() => sleep(60))]
      for (const pid of pids) group.add(pid)
      group.freeze()
      group.kill()
      for (const pid of pids) assert.equal(waitpid(pid).signal, 'SIGKILL')
      assert.deepEqual(group.processes(), [])
    })
  })

  test(`${dialect}: SIGKILL to a frozen process ${dialect === 'v1' ? 'waits for the thaw' : 'works at once'}`, () => {
    withGroup('freezer', dialect, group => {
      const pid = fork(() => sleep(60))
      group.add(pid)
      group.freeze()
      kill(pid, 'SIGKILL')
      const died = until(() => waitpid(pid, WNOHANG).pid === pid, 0.3)
      assert.equal(died, dialect === 'v2')
      group.thaw()
      if (!died) assert.equal(waitpid(pid).signal, 'SIGKILL')
    })
  })
}

test('a child can be born in a v2 group', {
  skip: hierarchiesWith('freezer').every(one => one.dialect === 'v1'),
}, () => {
  withGroup('freezer', 'v2', group => {
    const child = () => (readProc('self', 'cgroup')?.includes(`0::/`) ? 0 : 1)
    const pid = clone(() => child() || sleep(0.2), SIGCHLD, undefined, { cgroup: group.path })
    assert.deepEqual(group.processes(), [pid])
    assert.equal(waitpid(pid).code, 0)
  })
})

test('only a v2 group can have children born into it, and never with CLONE_VM', () => {
  const error = thrownBy(() => clone(() => {}, SIGCHLD, undefined, { cgroup: '/' }))
  assert.match(error.message, /^clone3\(child, SIGCHLD\|CLONE_INTO_CGROUP, "\/"\): EBADF .*\nhint: only a v2 group/)
  assert.throws(() => clone(() => {}, 0x4111, undefined, { cgroup: '/' }), /CLONE_VM.* cannot be born in a group/)
})

test('a group is removed as soon as its last process is gone', () => {
  withGroup('freezer', undefined, group => {
    const pid = fork(() => sleep(0.2))
    group.add(pid)
    removeGroup(group.path)
    assert.equal(existsSync(group.path), false)
    mkdirSync(group.path)
    waitpid(pid)
  })
})

test('errors say what to do: taken, not yours, vanished, no such process, no group', () => {
  withGroup('memory', undefined, group => {
    const taken = thrownBy(() => makeGroup(group.path.split('/').at(-1) ?? '', 'memory'))
    assert.match(taken.message, /^mkdir\(".*"\): EEXIST .*\nhint: a group of that name is there already/)
    assert.match(
      thrownBy(() => group.add(2 ** 22 - 1)).message,
      /^write\(.*cgroup\.procs".*: ESRCH .*\nhint: no process/,
    )
    assert.match(thrownBy(() => openGroup('/tmp', 'memory')).message, /is no control group\nhint: /)
    assert.match(thrownBy(() => openGroup('/nowhere', 'memory')).message, /is no group\nhint: groups are/)
    assert.match(thrownBy(() => openGroup(`${group.path}/x`, 'memory')).message, /is no group\nhint: make it first/)
    const notMine = inChild(0, () => {
      becomeUser(65534, 65534)
      return thrownBy(() => group.limitMemory(20_000_000)).message
    })
    assert.match(notMine, /EACCES .*\nhint: the file belongs to somebody else/)
    rmdirSync(group.path)
    assert.match(thrownBy(() => group.memory()).message, /ENOENT .*\nhint: the group has vanished/)
    mkdirSync(group.path)
  })
})

test('a borrowed group is given back as it was, and one that is in use is refused', () => {
  withGroup('memory', undefined, group => {
    const before = group.memorySettings()
    const borrowed = borrowMemoryGroup(group.path)
    borrowed.limitMemory(20_000_000)
    borrowed.remove()
    assert.deepEqual(group.memorySettings(), before)
    withSleeper(group, pid => {
      const error = thrownBy(() => borrowMemoryGroup(group.path))
      assert.ok(error.message.startsWith(`${group.path} is in use: there are processes in it (${pid})`))
    })
  })
})

test('an ordinary user can limit a group that was handed to them', () => {
  withGroup('memory', undefined, group => {
    for (const file of readdirSync(group.path)) chownSync(join(group.path, file), 65534, 65534)
    const limit = inChild(0, () => {
      becomeUser(65534, 65534)
      const borrowed = borrowMemoryGroup(group.path)
      borrowed.limitMemory(20_000_000)
      const set = borrowed.memory().limit
      borrowed.remove()
      return set
    })
    assert.equal(limit, wholePages(20_000_000))
  })
})

for (const { dialect } of hierarchiesWith('freezer')) {
  test(`${dialect}: the group of a process that is killed is removed, even frozen`, () => {
    const owner = fork(() => {
      const group = makeOwnGroup('orphan', 'freezer', { dialect })
      group.add(fork(() => sleep(60)))
      group.freeze()
      kill(getpid(), 'SIGKILL')
    })
    waitpid(owner)
    const path = join(hierarchyWith('freezer', dialect).path, ownName('orphan', owner))
    assert.ok(
      until(() => !existsSync(path), 10),
      `${path} is still there`,
    )
  })
}

test('a group with groups in it, or one that stops instead of killing, is not borrowed', () => {
  withGroup('memory', undefined, group => {
    mkdirSync(join(group.path, 'service'))
    assert.match(thrownBy(() => borrowMemoryGroup(group.path)).message, /has groups in it, and a limit could kill/)
    rmdirSync(join(group.path, 'service'))
    if (group.dialect === 'v2') return
    group.write('memory.oom_control', 1)
    assert.match(thrownBy(() => borrowMemoryGroup(group.path)).message, /stop processes instead of killing/)
    group.write('memory.oom_control', 0)
  })
})

test('limits below those of the lab are given back as well', () => {
  withGroup('memory', undefined, group => {
    group.limitMemory(10_000_000)
    const before = group.memorySettings()
    const borrowed = borrowMemoryGroup(group.path)
    borrowed.limitMemory(20_000_000)
    borrowed.remove()
    assert.deepEqual(group.memorySettings(), before)
  })
})

test('a name says which PID namespace its PID is from, where that is not the initial one', () => {
  const own = namespaces().pid
  const ending = own === INITIAL_PID_NAMESPACE ? '' : `@${own}`
  assert.equal(ownName('x', 7), `containers-from-clone.x.7${ending}`)
  const { name, inode } = inChild(CLONE_NEWPID, () => ({ name: ownName('x', 7), inode: namespaces().pid }))
  assert.equal(name, `containers-from-clone.x.7@${inode}`)
})

test('groups of dead owners are swept, those of living ones are not', () => {
  const { path } = hierarchyWith('freezer')
  const dead = waitpid(fork(() => {})).pid
  const stale = join(path, ownName('test', dead))
  const mine = join(path, ownName('test'))
  const strange = join(path, `containers-from-clone-of-mine`)
  for (const group of [stale, mine, strange]) mkdirSync(group)
  sweepGroups()
  assert.deepEqual(
    [stale, mine, strange].map(group => existsSync(group)),
    [false, true, true],
  )
  for (const group of [mine, strange]) rmdirSync(group)
})

test('the kernel counts the processes that its OOM killer has killed', () => {
  withGroup('memory', undefined, group => {
    group.limitMemory(5_000_000)
    const pid = fork(() => {
      until(() => group.processes().length > 0, 5)
      for (;;) takeMemory(1_000_000)
    })
    group.add(pid)
    assert.equal(waitpid(pid).signal, 'SIGKILL')
    const { oomKills, peak, limit } = group.memory()
    assert.equal(oomKills, 1)
    assert.ok(peak === undefined || peak >= limit * 0.9)
  })
})

/** A directory with files of these names stands for a group of a kernel that has no others; the machine swaps. */
function withoutSwapFiles(dialect: 'v1' | 'v2', files: readonly string[]): { error: string; left: string[] } {
  return inChild(CLONE_NEWNS, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    const folder = mkdtempSync(join(tmpdir(), 'group-'))
    const meminfo = join(folder, 'meminfo')
    writeFileSync(meminfo, 'SwapTotal: 1024 kB\n')
    mount(meminfo, '/proc/meminfo', null, MS_BIND)
    for (const file of files) writeFileSync(join(folder, file), '60')
    let error = ''
    try {
      groupAt(folder, { dialect }).limitMemory(20_000_000)
    } catch (thrown) {
      error = (thrown as Error).message
    }
    const left = files.map(file => readFileSync(join(folder, file), 'utf8'))
    umount2('/proc/meminfo', 0)
    rmSync(folder, { recursive: true })
    return { error, left }
  })
}

test('an error with the remedy says that swap cannot be switched off for a group', () => {
  assert.match(
    withoutSwapFiles('v1', ['memory.limit_in_bytes']).error,
    /cannot switch that off for a group.*\nhint: sudo swapoff -a/,
  )
  assert.match(withoutSwapFiles('v2', ['memory.max']).error, /no memory\.swap\.max.*\nhint: sudo swapoff -a/)
})

test('v1 without swap accounting keeps a group out of swap by its swappiness', () => {
  const { error, left } = withoutSwapFiles('v1', ['memory.limit_in_bytes', 'memory.swappiness'])
  assert.deepEqual([error, left], ['', ['20000000', '0']])
})
