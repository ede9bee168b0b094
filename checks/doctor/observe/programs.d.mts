import type { Tool } from '../../../lib/machine/packages.mjs'

/** What is wrong with a tool: what was found, and why that matters. */
export interface Fault {
  readonly seen: string
  readonly cause: string
}
export const QEMU: string
/** What is wrong with each tool; nothing for those that are as they should be. */
export function toolFaults(): Partial<Record<Tool, Fault>>
