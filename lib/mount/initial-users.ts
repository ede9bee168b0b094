/**
 * Whether the calling process may do what only root of the machine may.
 */
import { readProc } from '../trace/proc.ts'

/** Whether the calling process is in a user namespace that is not the machine's own, as one without root is. */
export const isOnlyOwnUsers = (): boolean => !/^\s*0\s+0\s+4294967295\s*$/.test(readProc('self', 'uid_map') ?? '')
