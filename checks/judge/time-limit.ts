/**
 * How long a program may take on this machine.
 */
import { sinceStart } from './stopwatch.ts'

/** What a program may take where Node starts at its usual pace, in seconds. */
export const TIME = 20
const USUAL_START = 0.5
const SLOWEST = 6

/** The same on this machine: an emulated one takes ten times as long for everything. To be asked at the start. */
export const timeHere = (): number => Math.round(TIME * Math.min(SLOWEST, Math.max(1, sinceStart() / USUAL_START)))
