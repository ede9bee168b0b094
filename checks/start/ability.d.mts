import type { Diagnosed } from '../doctor/table.ts'

/** `labs 1 to 4`, `labs 1, 2 and 6`, `every lab`, `no lab`. @param count how many there are */
export function labNames(numbers: readonly number[], count: number): string
/** What a machine can do, in one line. */
export function abilityLine(report: Pick<Diagnosed, 'labs'>): string
/** The same for this machine; `undefined` where the doctor has nothing to say. */
export function ability(): string | undefined
