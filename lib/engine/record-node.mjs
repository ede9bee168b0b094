/**
 * A part of `npm ci`: leaves word of the Node that it was run with, for `labs/run`, which sudo starts with a PATH that has
 * none where Node came from nvm. JavaScript on Node alone, as nothing is built yet.
 */
import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FOLDER } from './bundle-cache.mjs'

const RECORD = join(FOLDER, 'node')

function isRecorded() {
  try {
    return readFileSync(RECORD, 'utf8') === `${process.execPath}\n`
  } catch {
    return false
  }
}

/** Writes it as a whole, and for the owner of the checkout. A folder that cannot be written has none. */
export function recordNode() {
  if (isRecorded()) return
  const draft = `${RECORD}.${process.pid}`
  try {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(draft, `${process.execPath}\n`)
    const owner = statSync(dirname(dirname(dirname(FOLDER))))
    if (process.getuid() === 0)
      for (const path of [dirname(FOLDER), FOLDER, draft]) chownSync(path, owner.uid, owner.gid)
    renameSync(draft, RECORD)
  } catch {
    rmSync(draft, { force: true })
  }
}

if (process.argv[1] === import.meta.filename) recordNode()
