/**
 * A part of `npm ci`: records the Node that it was run with, for `labs/run`, which sudo starts with a PATH without it
 * where Node was installed by nvm. JavaScript on Node alone, because nothing is built yet.
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

/** Writes the record at once, owned by the owner of the checkout. In a folder that cannot be written there is none. */
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
