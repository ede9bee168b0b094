/**
 * `npm run vm [-- command]`: runs a command on this checkout in a throwaway virtual machine. README.md says how.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../../lib/errors.ts'
import { runTool } from '../../lib/lab/lab.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { Interrupted } from '../run.ts'
import { OWN_ARCH } from './architecture.ts'
import { closeArchives } from './archive.ts'
import { openCache, writeWhole } from './cache.ts'
import { helpText, readCommandLine, type Wish } from './command-line.ts'
import { compilePrograms } from './compiled.ts'
import { startGuest } from './guest.ts'
import type { Kernel } from './kernel.ts'
import { findKernel, findParts } from './parts.ts'
import { checkMemory, findQemu, hasKvm, type Plan, type Share } from './qemu.ts'
import { converse, GuestFailed, NoSignOfLife } from './session.ts'
import { settingsScript } from './settings.ts'
import { findStranger, STRANGER_BUSYBOX, type Stranger } from './stranger.ts'
import { ownMeeting, tie } from './streams.ts'

/** How long KVM may take until the kernel prints something; where it works, a tenth of that is enough. */
const FIRST_WORDS_SECONDS = 4

const say = (text: string) => process.stderr.write(`vm: ${text}\n`)

/** A file that notes that KVM does not work here, valid until the next boot of this machine. */
const brokenKvm = (cache: string) => join(cache, 'kvm-does-not-work')
const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')

function accelerator({ accel, arch }: Wish, cache: string): 'kvm' | 'tcg' {
  const note = brokenKvm(cache)
  const isBroken = existsSync(note) && readFileSync(note, 'utf8') === bootId()
  return accel ?? (hasKvm(arch) && !isBroken ? 'kvm' : 'tcg')
}

/** One guest from its start to its end. */
async function runGuest(qemu: string, plan: Plan, kernel: Kernel, wish: Wish): Promise<number> {
  const meeting = ownMeeting()
  const since = performance.now()
  const guest = startGuest(qemu, plan)
  if (wish.verbose) guest.channels.console.pipe(process.stderr, { end: false })
  let ties: ReturnType<typeof tie> | undefined
  const onStart = () => {
    if (wish.verbose) say(`${plan.accel}, Linux ${kernel.release}, booted in ${seconds(since)} s`)
    ties = tie(guest, meeting)
  }
  const firstWords = plan.accel === 'kvm' && !wish.accel ? FIRST_WORDS_SECONDS : 0
  try {
    const code = await converse(guest, settingsScript(wish, kernel, meeting), { ...wish, firstWords }, { onStart })
    guest.kill()
    await ties?.over
    if (wish.verbose) say(`all in ${seconds(since)} s`)
    return code
  } finally {
    ties?.untie()
    guest.kill()
    await guest.ended
  }
}

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1)

/** What the guest sees of the machine; of another processor, the programs that are made for it. */
function shares(kernel: Kernel, stranger: Stranger | undefined): Share[] {
  const modules = { tag: 'modules', folder: kernel.modules }
  if (!stranger) return [{ tag: 'machine', folder: '/' }, modules]
  const { root, packages } = stranger
  const own = [
    { tag: 'machine', folder: root },
    { tag: 'checkout', folder: ROOT },
    { tag: 'packages', folder: packages },
  ]
  return [...own, modules]
}

async function run(wish: Wish): Promise<number> {
  const qemu = findQemu(wish.arch)
  checkMemory(wish.memory)
  const cache = openCache()
  try {
    const kernel = await findKernel(wish, cache.folder)
    const stranger = wish.arch === OWN_ARCH ? undefined : await findStranger(wish.arch, cache.folder)
    closeArchives()
    const parts = await findParts(kernel, cache.folder, stranger && join(stranger.root, STRANGER_BUSYBOX))
    await compilePrograms()
    const plan: Plan = { ...wish, parts, shares: shares(kernel, stranger), accel: accelerator(wish, cache.folder) }
    try {
      return await runGuest(qemu, plan, kernel, wish)
    } catch (error) {
      if (!(error instanceof NoSignOfLife)) throw error
      say('KVM does not start a kernel on this machine: going on without it, which is slower')
      const code = await runGuest(qemu, { ...plan, accel: 'tcg' }, kernel, wish)
      // Only now, after a success without it, it is known that KVM was at fault.
      writeWhole(brokenKvm(cache.folder), bootId())
      return code
    }
  } finally {
    closeArchives()
    cache.end()
  }
}

async function main(): Promise<number> {
  const wish = readCommandLine(process.argv.slice(2))
  if (!wish.help) return run(wish)
  console.log(helpText())
  return EXIT.HOLDS
}

/** Prints what went wrong. @returns the exit code, which is not 1, because that would be taken for the command's */
function failed(error: unknown): number {
  if (error instanceof Interrupted) return error.exitCode
  if (!(error instanceof GuestFailed)) throw error
  process.stderr.write(`${error.message}\n`)
  return EXIT.FAULT
}

// process.exit, because an input without an end would keep the process alive.
await runTool(async () => process.exit(await main().catch(failed)))
