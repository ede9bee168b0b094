/**
 * How long a program may take on this machine.
 */
import { sinceStart } from './stopwatch.ts'

/** What a program may take where Node starts at its usual pace, in seconds. */
export const TIME = 20
const USUAL_START = 0.5
/** An emulated machine on a computer that has other work took a hundred times as long to start Node, and 126 s for lab 9. */
const SLOWEST = 30

/** The same on this machine: an emulated one takes ten times as long for everything, or more. To be asked at the start. */
export const timeHere = (): number => Math.round(TIME * Math.min(SLOWEST, Math.max(1, sinceStart() / USUAL_START)))
