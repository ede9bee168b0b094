import { accessSync, constants, statSync } from 'node:fs'

/** Whether the calling process may execute a file. Root may if any user may, so access(2) alone does not tell. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return (statSync(path).mode & 0o111) !== 0
  } catch {
    // EACCES, ENOENT
    return false
  }
}
