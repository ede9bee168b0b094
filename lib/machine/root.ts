import { dirname } from 'node:path'

/** The folder of the checkout. */
export const ROOT: string = dirname(dirname(import.meta.dirname))
