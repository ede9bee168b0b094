/**
 * The release of Buildroot that this project is tried with.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CannotRun } from '../lib/errors.ts'
import { draftName, draftPrefix } from '../lib/tidy/drafts.ts'
import { lastWords, run } from './run.ts'

/** A long-term release, which is maintained until February 2027. */
export const VERSION = '2026.02.3'
const NAME = `buildroot-${VERSION}`
const URL = `https://buildroot.org/downloads/${NAME}.tar.xz`
/** As the release's signed manifest has it: the same address with `.sign` behind it. */
const SHA256 = '5a59e7501b0b4ec52c41f4bfa79412320e0b37eae5f719605a258e8d0c6fc7fb'

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** Downloads the archive into `folder`, unless it is there. Only a file with the right hash gets the final name. */
async function download(folder: string): Promise<string> {
  const archive = join(folder, `${NAME}.tar.xz`)
  if (existsSync(archive) && (await sha256(archive)) === SHA256) return archive
  const draft = draftName(`${archive}.`)
  try {
    // Buildroot itself downloads with wget, which knows about proxies.
    const outcome = await run(['wget', '--no-verbose', '--output-document', draft, URL], { shown: true })
    if (outcome.code !== 0) throw new CannotRun(`${URL} cannot be downloaded: ${lastWords(outcome)}`)
    const found = await sha256(draft)
    if (found !== SHA256)
      throw new CannotRun(`${URL} is not what this project knows: its sha256 is ${found}, and should be ${SHA256}`)
    renameSync(draft, archive)
    return archive
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * The sources of the pinned release, downloaded and unpacked below `folder` if they are not there.
 * @returns their directory
 * @throws CannotRun when they cannot be had or are not what they should be
 */
export async function fetchRelease(folder: string): Promise<string> {
  const directory = join(folder, NAME)
  if (existsSync(directory)) return directory
  mkdirSync(folder, { recursive: true })
  const archive = await download(folder)
  const draft = mkdtempSync(draftPrefix(join(folder, 'unpack-')))
  try {
    const outcome = await run(['tar', '--extract', '--file', archive, '--directory', draft, '--no-same-owner'])
    if (outcome.code !== 0) throw new CannotRun(`tar cannot unpack ${archive}: ${lastWords(outcome)}`)
    renameSync(join(draft, NAME), directory)
    return directory
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}
