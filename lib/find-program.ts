/**
 * Where programs are.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Folders that ordinary users lack in PATH on many machines. */
export const SBIN = ['/usr/sbin', '/sbin']

/** Where a program is, as PATH (and sbin, which ordinary users lack there) has it; `undefined` if nowhere. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SBIN].filter(Boolean)
  return folders
    .map(folder => join(folder, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
