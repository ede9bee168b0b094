import { accessSync, constants } from 'node:fs'

/** Whether the calling process may write a file, or make entries in a directory: access(2) with W_OK. */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
