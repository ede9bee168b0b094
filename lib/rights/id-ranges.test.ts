import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { clone } from '../clone.ts'
import * as F from '../flags.ts'
import { makeGate } from '../gate.ts'
import { findProgram } from '../machine/find-program.ts'
import { MS_BIND, MS_PRIVATE, MS_REC, mount } from '../mount/mount.ts'
import { namespaces, owningUserNamespace, userNamespaceOwner, userNamespacesAbove } from '../namespaces.ts'
import { kill, waitpid } from '../process.ts'
import { inChild, thrownBy } from '../testing/in-child.ts'
import * as R from './id-ranges.ts'
import { allowInspection } from './prctl.ts'
import { becomeRoot, becomeUser, enterUserNamespace } from './users.ts'

const options = { skip: process.getuid?.() !== 0 && 'becomes other users' }
const USER = 70321
const withoutRanges = { skip: !existsSync('/etc/subuid') && 'this machine has no /etc/subuid' }

test('maps are read, and numbers found in them both ways', () => {
  const map = R.parseIdMap('         0       1000          1\n         1     100000      65536\n')
  assert.deepEqual(map[1], { inside: 1, outside: 100000, count: 65536 })
  assert.deepEqual(
    [0, 1, 65536, 65537].map(id => R.outsideOf(map, id)),
    [1000, 100000, 165535, undefined],
  )
  assert.deepEqual(
    [1000, 165535, 1001, 0].map(id => R.insideOf(map, id)),
    [0, 65536, undefined, undefined],
  )
  assert.deepEqual(R.parseIdMap(''), [])
})

test('the longest range of a user counts, by name or by number, and what is no range counts for nothing', () => {
  const text = '# a comment\nada:100000:65536\n1000:300000:70000\nada:x:1\nbob:200000:0\n'
  assert.deepEqual(R.subordinatesOf(text, ['ada', '1000']), { first: 300000, count: 70000 })
  assert.deepEqual(R.subordinatesOf(text, ['ada']), { first: 100000, count: 65536 })
  assert.equal(R.subordinatesOf(text, ['bob']), undefined)
  assert.deepEqual(R.freeSpan([text]), { first: 165536, count: 65536 })
  assert.deepEqual(R.freeSpan(['a:100000:131072', 'b:231072:65536']), { first: 296608, count: 65536 })
})

/** A process in a user namespace with these maps, while `action` looks at it. */
function withMaps<T>(maps: R.IdMaps, action: (pid: number) => T): T {
  const [mapped, seen] = [makeGate(), makeGate()]
  const pid = clone(() => {
    mapped.wait()
    becomeRoot()
    seen.wait()
  }, F.CLONE_NEWUSER | F.SIGCHLD)
  try {
    R.giveIdMaps(pid, maps)
    mapped.open()
    return action(pid)
  } finally {
    kill(pid, 'SIGKILL')
    waitpid(pid)
  }
}

suite('ranges', options, () => {
  test('root gets a range of its own, and may choose another', () => {
    const maps = R.chooseIdMaps()
    assert.deepEqual([maps.by, R.whyNoRange(maps)], ['caller', undefined])
    assert.ok((maps.users[0]?.outside ?? 0) >= 10000)
    const chosen = R.chooseIdMaps({ first: 20000, count: 5 })
    assert.deepEqual(chosen.users, [{ inside: 0, outside: 20000, count: 5 }])
    assert.equal(R.otherThanRoot(chosen), 4)
    withMaps(chosen, pid => {
      assert.deepEqual(R.readIdMap(pid, 'gid_map'), chosen.groups)
      assert.equal(userNamespaceOwner(pid), 0)
      assert.equal(owningUserNamespace(pid, 'user'), namespaces().user)
      assert.deepEqual(userNamespacesAbove(pid), [namespaces().user])
      assert.equal(owningUserNamespace(pid, 'uts'), owningUserNamespace('self', 'uts'))
    })
  })

  test('a user without a range is alone, and is told what a range takes; one may not choose', withoutRanges, () => {
    const seen = inChild(F.CLONE_NEWNS, () => {
      hide('')
      becomeUser(USER, USER)
      allowInspection()
      const maps = R.chooseIdMaps()
      const map = withMaps(maps, pid => R.readIdMap(pid, 'uid_map'))
      return {
        maps,
        map,
        why: R.whyNoRange(maps),
        wrong: thrownBy(() => R.chooseIdMaps({ first: 1, count: 2 })).message,
      }
    })
    assert.equal(seen.maps.by, 'own id')
    assert.deepEqual(seen.map, [{ inside: 0, outside: USER, count: 1 }])
    assert.match(seen.why ?? '', /a line of yours in \/etc\/subuid.*: sudo usermod --add-subuids/)
    assert.match(seen.wrong, /^--range is for root: .*\nhint: /)
  })

  test('a user with a range has it written by newuidmap', {
    skip: withoutRanges.skip || (!findProgram('newuidmap') && 'no newuidmap'),
  }, () => {
    const seen = inChild(F.CLONE_NEWNS, () => {
      hide(`${USER}:400000:1000\n`)
      becomeUser(USER, USER)
      allowInspection()
      const maps = R.chooseIdMaps()
      return { by: maps.by, map: withMaps(maps, pid => R.readIdMap(pid, 'gid_map')) }
    })
    assert.equal(seen.by, 'newuidmap')
    assert.deepEqual(seen.map, [
      { inside: 0, outside: USER, count: 1 },
      { inside: 1, outside: 400000, count: 1000 },
    ])
  })

  test('who knows too few users for a range is told so, and a range of users that are unknown is refused', () => {
    const seen = inChild(0, () => {
      enterUserNamespace()
      const maps = R.chooseIdMaps()
      return {
        by: maps.by,
        why: R.whyNoRange(maps),
        wrong: thrownBy(() => R.chooseIdMaps({ first: 5, count: 2 })).message,
      }
    })
    assert.equal(seen.by, 'own id')
    assert.match(seen.why ?? '', /knows too few users/)
    assert.match(seen.wrong, /^--range must be among the users that are known here: 0 to 0\nhint: /)
  })

  test('user namespaces are nested 33 deep and no deeper, and the error says what the limit is', () => {
    const seen = inChild(0, () => {
      let levels = 0
      const { code, message } = thrownBy(() => {
        for (; ; levels++) enterUserNamespace()
      })
      return { levels, code, message, above: userNamespacesAbove('self').length }
    })
    assert.equal(seen.code, 'ENOSPC')
    assert.match(seen.message, /33 levels/)
    assert.ok(seen.levels > 20 && seen.levels <= 33)
  })
})

/** Gives a user a name, and these lines of /etc/subuid and /etc/subgid, in a mount namespace of the calling process. */
function hide(text: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'subuid-'))
  try {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    const passwd = `${readFileSync('/etc/passwd', 'utf8').trimEnd()}\nranger:x:${USER}:${USER}::/:/bin/sh\n`
    for (const [name, words] of Object.entries({ subuid: text, subgid: text, passwd })) {
      writeFileSync(join(folder, name), words)
      mount(join(folder, name), `/etc/${name}`, null, MS_BIND)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
