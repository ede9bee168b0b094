/**
 * What stands in the way is named by the doctor and, with exit code 77, by the lab or the check that comes upon it: the
 * same cause and the same remedy. Each obstacle is put up in namespaces of the test's own.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import { startWords } from '../../lib/engine/start-words.ts'
import { CLONE_NEWNET, CLONE_NEWNS } from '../../lib/flags.ts'
import { hierarchiesWith } from '../../lib/group/hierarchies.ts'
import { engineHere } from '../../lib/machine/container.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { installHint } from '../../lib/machine/packages.mjs'
import { ROOT } from '../../lib/machine/root.ts'
import {
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  mount,
  umount2,
} from '../../lib/mount/mount.ts'
import { inChild } from '../../lib/testing/in-child.ts'
import type { Finding } from './find/finding.ts'

const skip = process.getuid?.() !== 0 && 'makes namespaces, which takes root'
const START = startWords(ROOT)
const LABS = { lab1: '01-fork-vs-clone', lab3: '03-newnet', lab5: '05-memory-oom', lab6: '06-freezer' } as const
type LabName = keyof typeof LABS

/** Who is asked: the doctor for a finding, and then labs and checks, which must say the same. */
interface Trial {
  readonly finding: string
  readonly run?: LabName
  readonly check?: LabName
  /** What is put in front of each command. */
  readonly before?: readonly string[]
  /** What is put up for all of them. */
  readonly arrange?: () => void
}

/** White space apart: a report wraps its lines. */
const flat = (text: string) => text.replace(/\s+/g, ' ')

function ask({ finding, run, check, before = [], arrange }: Trial) {
  const start = (...words: string[]) => {
    const [program = '', ...rest] = [...before, process.execPath, ...START, ...words]
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env
    const options = { cwd: ROOT, encoding: 'utf8', env: { ...env, NO_COLOR: '1' }, input: '' } as const
    const { status, stdout, stderr } = spawnSync(program, rest, options)
    return { status, text: stdout + stderr, stdout }
  }
  return inChild(CLONE_NEWNS | CLONE_NEWNET, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    // The /sys of another network namespace stays; what the trials need of the network is in /proc/sys.
    arrange?.()
    const doctor = start('checks/doctor/doctor.ts', '--json')
    return {
      found: (JSON.parse(doctor.stdout) as { findings: Finding[] }).findings.find(({ id }) => id === finding),
      others: [...(run ? [start(`labs/${LABS[run]}.ts`)] : []), ...(check ? [start('checks/check.ts', check)] : [])],
    }
  })
}

/**
 * Makes sure that all say what the doctor says.
 * @param cause a part of the cause that each must name
 * @returns the remedy
 */
function agree(trial: Trial, cause: RegExp): string {
  const { found, others } = ask(trial)
  assert.equal(found?.state, 'missing', JSON.stringify(found))
  assert.match(`${found.seen} ${found.cause}`, cause)
  assert.ok(found.remedy)
  for (const { status, text } of others) {
    assert.equal(status, 77, text)
    assert.match(flat(text), cause)
    assert.ok(flat(text).includes(flat(found.remedy)), `${text}\nis to say: ${found.remedy}`)
  }
  return found.remedy
}

const places = (controller: 'memory' | 'freezer') => hierarchiesWith(controller).map(({ path }) => path)
const needsV1 = skip || (hierarchiesWith('memory')[0]?.dialect !== 'v1' && 'no memory controller of v1 here')

test('groups that are mounted read-only', { skip }, () => {
  const arrange = () => {
    for (const path of new Set([...places('memory'), ...places('freezer')])) {
      mount(path, path, null, MS_BIND | MS_REC)
      mount('none', path, null, MS_BIND | MS_REMOUNT | MS_RDONLY)
    }
  }
  agree({ finding: 'memory', run: 'lab5', check: 'lab5', arrange }, /it is mounted read-only/)
  agree({ finding: 'freezer', run: 'lab6', check: 'lab6', arrange }, /it is mounted read-only/)
})

const unmountMemory = () => {
  for (const path of places('memory')) umount2(path, MNT_DETACH)
}
const NO_MEMORY = /no control group here can have the memory controller/

test('a controller of v1 whose hierarchy is not mounted here: what mounts it works', { skip: needsV1 }, t => {
  agree({ finding: 'memory', run: 'lab5', check: 'lab5', arrange: unmountMemory }, NO_MEMORY)
  // In a container both name the command that starts a better one, and that cannot be tried from inside.
  if (engineHere()) return
  if (!findProgram('mount')) return t.skip('no mount, and its package is not installed for a test')
  const code = inChild(CLONE_NEWNS, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    mount('run', '/run', 'tmpfs')
    unmountMemory()
    const words = [...START, 'checks/doctor/doctor.ts', '--json']
    const doctor = spawnSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8' })
    const { findings } = JSON.parse(doctor.stdout) as { findings: Finding[] }
    const [, command = 'false'] =
      / here: (mkdir .*)/.exec(findings.find(({ id }) => id === 'memory')?.remedy ?? '') ?? []
    spawnSync('sh', ['-c', command])
    return places('memory').length
  })
  assert.ok(code > 0, 'it is mounted again')
})

test('the same on a machine without mount(8), as a minimal root is: its package comes first', {
  skip: needsV1 || (engineHere() && 'in a container another remedy is named'),
}, () => {
  const arrange = () => {
    unmountMemory()
    // What may not be executed is no program.
    for (let found = findProgram('mount'); found; found = findProgram('mount')) mount('/dev/null', found, null, MS_BIND)
  }
  const remedy = agree({ finding: 'memory', run: 'lab5', check: 'lab5', arrange }, NO_MEMORY)
  assert.ok(remedy.includes(` here: ${installHint(['mount'])}`), remedy)
  assert.match(remedy, /( &&|, then) mkdir -p \S+ && mount -t cgroup /)
})

test('all hierarchies of v1 mounted at other places', { skip: needsV1 }, () => {
  const elsewhere = () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    mount('elsewhere', '/mnt', 'tmpfs')
    for (const path of [...places('memory'), ...places('freezer')]) {
      const target = `/mnt/${path.replaceAll('/', '-')}`
      spawnSync('mkdir', ['-p', target])
      mount(path, target, null, MS_BIND)
      umount2(path, MNT_DETACH)
    }
  }
  const { code, text } = inChild(CLONE_NEWNS, () => {
    elsewhere()
    const words = [...START, 'checks/check.ts', 'lab5', '--json']
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8' })
    return { code: status, text: stdout + stderr }
  })
  assert.equal(code, 0, text)
})

test('no CAP_NET_RAW, as in a container of podman', { skip: skip || (!findProgram('setpriv') && 'no setpriv') }, () => {
  const before = ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw']
  agree({ finding: 'raw-sockets', run: 'lab3', check: 'lab3', before }, /socket\(.*EPERM.*lacks CAP_NET_RAW/)
})

const pings = skip || ((!findProgram('ip') || !findProgram('ping')) && 'no ip, or no ping')

test('a network that ignores echo requests', { skip: pings }, () => {
  const arrange = () => {
    spawnSync('sh', ['-c', 'ip link set lo up; echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all'])
  }
  agree({ finding: 'echoes', run: 'lab3', arrange }, /ignores echo requests/)
})

const RULES = {
  nft: 'nft add table inet own; nft add chain inet own in "{ type filter hook input priority 0; policy drop; }"; nft add rule inet own in iifname lo accept',
  'iptables-legacy': 'iptables-legacy -w 60 -P INPUT DROP && iptables-legacy -w 60 -A INPUT -i lo -j ACCEPT',
} as const

for (const [program, rules] of Object.entries(RULES)) {
  test(`a firewall of ${program} that drops what comes in`, {
    skip: pings || (!findProgram(program) && `no ${program}`),
  }, t => {
    const isThere = inChild(CLONE_NEWNET, () => spawnSync('sh', ['-c', rules]).status === 0)
    if (!isThere) return t.skip('this kernel has no such rules')
    const arrange = () => {
      spawnSync('sh', ['-c', `ip link set lo up; ${rules}`])
    }
    agree({ finding: 'echoes', run: 'lab3', arrange }, /firewall \(.*\) drops what comes from a new network/)
    const state = ask({
      finding: 'echoes',
      run: 'lab3',
      arrange: () => {
        arrange()
        const { findings } = JSON.parse(
          spawnSync(process.execPath, [...START, 'checks/doctor/doctor.ts', '--json'], { cwd: ROOT, encoding: 'utf8' })
            .stdout,
        ) as { findings: Finding[] }
        spawnSync('sh', ['-c', findings.find(({ id }) => id === 'echoes')?.remedy ?? 'false'])
      },
    })
    assert.equal(state.found?.state, 'good', 'the remedy works')
    assert.equal(state.others[0]?.status, 0, state.others[0]?.text)
  })
}

test('rules that let pings in are no obstacle', { skip: pings || (!findProgram('nft') && 'no nft') }, () => {
  const rules = `${RULES.nft}; nft insert rule inet own in icmp type echo-request accept`
  const arrange = () => {
    spawnSync('sh', ['-c', rules])
  }
  assert.equal(ask({ finding: 'echoes', arrange }).found?.state, 'good')
})
