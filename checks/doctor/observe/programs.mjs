/**
 * Which programs this machine lacks for the labs: what the doctor reports and setup installs.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, isBusybox, shimName } from '../../../lib/machine/packages.mjs'

export const ROOT = join(import.meta.dirname, '..', '..', '..')
export const NATIVE = join(ROOT, 'native')
const SOURCES = ['clone.c', 'exec.c', 'shim.h']
/** The package managers that can download a package without installing it, as npm run rootfs does. */
const DOWNLOADERS = [
  ['apt-get', 'dpkg-deb'],
  ['apk', 'tar'],
  ['dnf', 'rpm2cpio', 'cpio'],
]
export const QEMU = process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64'

const mtime = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

export function isBuilt() {
  const newest = Math.max(...SOURCES.map(name => mtime(join(NATIVE, name))))
  return mtime(join(NATIVE, 'build', shimName())) >= newest
}

function compilerFault() {
  const compiler = (process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang']).find(findProgram)
  if (!compiler) return { seen: 'none in PATH', cause: 'native/ is a few lines of C, and so are some exercises' }
  if (isBuilt()) return undefined
  // The compiler reads the sources and writes nothing: missing headers show here.
  const sources = SOURCES.filter(name => name.endsWith('.c')).map(name => join(NATIVE, name))
  const { status, stderr, error } = spawnSync(compiler, ['-std=c11', '-fsyntax-only', ...sources], { encoding: 'utf8' })
  if (status === 0) return undefined
  const complaint = /^.*error.*$/m.exec(stderr ?? '')?.[0] ?? error?.message ?? `exit code ${status}`
  return { seen: complaint.replace(`${NATIVE}/`, ''), cause: `${compiler} cannot compile native/` }
}

function ipFault() {
  const found = findProgram('ip')
  if (!found) return { seen: 'none in PATH', cause: 'labs 3 and 4 make their interfaces with it' }
  if (!isBusybox(found)) return undefined
  return { seen: `${found} is busybox`, cause: 'the ip of busybox cannot make a veth pair' }
}

const canDownload = () => DOWNLOADERS.some(tools => tools.every(findProgram))

function busyboxFault() {
  if (findProgram('busybox') || canDownload() || existsSync(join(ROOT, 'buildroot', 'fs'))) return undefined
  return { seen: 'none in PATH', cause: "without it the root file system of lab 4 is made from the machine's programs" }
}

const absent = (name, cause) => (findProgram(name) ? undefined : { seen: 'none in PATH', cause })

const PROBES = {
  cc: compilerFault,
  ip: ipFault,
  ping: () => absent('ping', 'lab 3 sends its packets with it'),
  nft: () => (findProgram('iptables-nft') ? undefined : absent('nft', 'lab 9 writes its rules with it')),
  busybox: busyboxFault,
  qemu: () => absent(QEMU, 'npm run vm starts the virtual machine with it'),
}

/** What is wrong with each tool; tools that are as they should be are left out. */
export function toolFaults() {
  return Object.fromEntries(
    Object.entries(PROBES).flatMap(([tool, probe]) => {
      const fault = probe()
      return fault ? [[tool, fault]] : []
    }),
  )
}
