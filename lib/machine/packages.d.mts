/** A program, or a set of them, that a machine may lack. The other ones are for the other processor, x64 or arm64. */
export type Tool = 'cc' | 'ip' | 'ping' | 'nft' | 'busybox' | 'mount' | 'qemu' | 'otherQemu' | 'otherCc'
/** How a distribution installs packages. */
export type Family = 'apt' | 'dnf' | 'apk' | 'pacman' | 'zypper' | 'unknown'
/** What /etc/os-release says. */
export interface Distribution {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly family: Family
}
export const SBIN: readonly string[]
export const PACKAGES: Readonly<Record<Tool, Readonly<Record<Exclude<Family, 'unknown'>, string>>>>
/** The distribution that an os-release(5) describes. */
export function distributionOf(osRelease: string): Distribution
/** This machine's. */
export function distribution(): Distribution
/** Where a program is, as PATH (and sbin, which ordinary users lack there) has it; `undefined` if nowhere. */
export function findProgram(name: string): string | undefined
/** Whether that program is one of busybox's, whose `ip`, for one, cannot make a veth pair. */
export function isBusybox(path: string): boolean
/** The packages that have these tools; none for an unknown family. */
export function packagesOf(tools: readonly Tool[], family: Family): string[]
/** The words in front of a command that takes root: none for root, `undefined` where neither sudo nor doas is there. */
export function becomeRoot(): string[] | undefined
/** The commands that install these tools, a list of words each; none for an unknown family. */
export function installCommands(tools: readonly Tool[], family: Family, prefix?: readonly string[]): string[][]
/** The same in one line for this machine; where its family is unknown, a sentence. */
export function installHint(tools: readonly Tool[]): string
/** A command that takes a program, after what installs that where this machine lacks it, as a minimal root does mount(8). */
export function withProgram(tool: Tool, command: string): string

/** The file name of the shim that is built for this machine's C library. */
export { shimName } from '../../native/libc-name.mjs'
