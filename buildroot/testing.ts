/**
 * For tests: a folder for everything, the program as a user runs it, and a shell in a tree.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { startWords } from '../lib/engine/start-words.ts'
import { execve } from '../lib/exec.ts'
import * as F from '../lib/flags.ts'
import { ROOT } from '../lib/machine/root.ts'
import { chroot, MS_PRIVATE, MS_REC, mount } from '../lib/mount/mount.ts'
import { bindDevices } from '../lib/mount/rootfs.ts'
import { isPrivileged } from '../lib/rights/privileges.ts'
import { capture } from '../lib/testing/in-child.ts'
import { readableCheckout, readableNode } from '../lib/testing/readable-checkout.ts'
import { RECORD } from './place.ts'

/** An ordinary user. */
export const NOBODY = 65534
/** `npm run rootfs` of a checkout, for Node. */
const programIn = (checkout: string) => [...startWords(checkout), join(checkout, 'buildroot/rootfs.ts')]
/** `npm run rootfs`, for Node. */
export const PROGRAM = programIn(ROOT)
/** Why a test cannot run here. */
export const skip = isPrivileged() && process.getuid?.() === 0 ? false : 'needs root'

export const folder = mkdtempSync(join(tmpdir(), 'rootfs-test-'))
chmodSync(folder, 0o777)
after(() => rmSync(folder, { recursive: true }))
export const inFolder = (name: string) => join(folder, name)

/** A new empty folder. */
export function fresh(name: string): string {
  const path = inFolder(name)
  mkdirSync(path)
  return path
}

/** A folder for PATH with scripts in it. */
export function programs(name: string, scripts: Record<string, string>): string {
  const path = fresh(name)
  for (const [program, text] of Object.entries(scripts)) {
    writeFileSync(join(path, program), `#!/bin/sh\n${text}\n`)
    chmodSync(join(path, program), 0o755)
  }
  return path
}

/** With which PATH and as which user. */
export interface Setting {
  readonly path?: string
  readonly uid?: number
}

/** Runs the program as a user would. */
export function rootfs(args: readonly string[], { path, uid }: Setting = {}) {
  const env = { ...process.env, ...(path === undefined ? {} : { PATH: path }) }
  const options = { encoding: 'utf8', env, timeout: 120_000 } as const
  if (uid === undefined) return spawnSync(process.execPath, [...PROGRAM, ...args], options)
  const cwd = readableCheckout()
  return spawnSync(readableNode(), [...programIn(cwd), ...args], { ...options, cwd, uid, gid: uid })
}

/** What a tree says of itself. */
export const record = (directory: string) => JSON.parse(readFileSync(join(directory, RECORD), 'utf8'))

/** Makes a tree and returns its path. */
export function made(name: string, args: readonly string[] = [], setting: Setting = {}): string {
  const output = inFolder(name)
  const { status, stdout, stderr } = rootfs(['--output', output, ...args], setting)
  assert.equal(status, 0, stdout + stderr)
  return output
}

/** What a shell command prints in a tree, in namespaces of its own. */
export function inside(directory: string, command: string): string {
  const { code, output } = capture(F.CLONE_NEWNS | F.CLONE_NEWPID | F.CLONE_NEWUTS | F.CLONE_NEWNET, () => {
    mount('none', '/', null, MS_REC | MS_PRIVATE)
    bindDevices(directory)
    chroot(directory)
    process.chdir('/')
    mount('proc', '/proc', 'proc')
    execve('/bin/sh', ['sh', '-c', command], { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' })
  })
  assert.equal(code, 0, output)
  return output
}

/** Puts a symbolic link in the place of an entry of a tree. */
export function replace(tree: string, name: string, target: () => string): void {
  rmSync(join(tree, name), { recursive: true })
  symlinkSync(target(), join(tree, name))
}
