/**
 * What goes into a root file system besides its skeleton, and where each piece comes from.
 */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The ways to get programs without a compiler, in the order they are tried. */
export const WAYS = ['installed', 'package', 'machine'] as const
export type Way = (typeof WAYS)[number]

/** The programs of one root file system. Paths inside have no slash in front. */
export interface Contents {
  /** Where they come from, for the reader. */
  readonly from: string
  /** Files to copy: the path inside, and the path on the machine. */
  readonly files: ReadonlyMap<string, string>
  /** Symbolic links: the path inside, and what the link says. */
  readonly links: ReadonlyMap<string, string>
  /** Where a file comes from, if not from the path it is copied from. */
  readonly origin?: string
  /** Programs that a reader of the book might miss. */
  readonly missing?: readonly string[]
}

/** What the labs and the book use. */
export const REQUIRED = ['sh', 'ps', 'ip', 'ifconfig', 'ping', 'hostname', 'mount'] as const

/**
 * Copies a file to where none is yet. The copy belongs to whoever makes it; with copyFileSync of a newer Node one that root
 * makes would keep the owner of the source.
 */
export function copyAsOwn(source: string, target: string): void {
  writeFileSync(target, readFileSync(source), { flag: 'wx' })
}

/** Copies the contents into a tree that so far has only directories that we made. */
export function layContents(tree: string, { files, links }: Contents): void {
  for (const path of [...files.keys(), ...links.keys()]) mkdirSync(join(tree, dirname(path)), { recursive: true })
  for (const [path, source] of files) {
    copyAsOwn(source, join(tree, path))
    // Neither write permission for others nor a set-user-ID bit is copied.
    chmodSync(join(tree, path), 0o755)
  }
  for (const [path, target] of links) symlinkSync(target, join(tree, path))
}
