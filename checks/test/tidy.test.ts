/**
 * Who may import whom: labs -> lib, checks -> lib, lib -> native, and no other arrow between rooms.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import test from 'node:test'
import { ROOT } from '../../lib/engine/root.ts'

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  labs: ['lib'],
  checks: ['lib'],
  book: ['lib'],
  buildroot: ['lib'],
  lib: ['native'],
  native: [],
}

/** Every TypeScript source of a room. Tests may look behind the arrows: a constant is compared with what C says of it. */
function sources(room: string): string[] {
  if (!existsSync(join(ROOT, room))) return []
  const entries = readdirSync(join(ROOT, room), { withFileTypes: true, recursive: true })
  const files = entries.filter(entry => entry.isFile() && /\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name))
  return files.map(entry => join(entry.parentPath, entry.name))
}

/** The files of the project that a file imports. */
function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const specifiers = [...text.matchAll(/(?:^(?:import|export|\}).* from |^import |\bimport\()'(\.[^']+)'/gm)].map(
    match => match[1] as string,
  )
  return specifiers.map(specifier => resolve(dirname(file), specifier))
}

const roomOf = (file: string) => relative(ROOT, file).split('/')[0] as string

for (const [room, allowed] of Object.entries(ALLOWED)) {
  test(`${room}/ imports ${allowed.join(' and ') || 'no other room'}`, () => {
    for (const file of sources(room)) {
      for (const target of imports(file)) {
        assert.ok(
          [room, ...allowed].includes(roomOf(target)),
          `${relative(ROOT, file)} imports ${relative(ROOT, target)}`,
        )
      }
    }
  })
}

test('no import goes in a circle', () => {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), [...path, file].map(step => relative(ROOT, step)).join(' -> '))
    if (done.has(file)) return
    for (const target of imports(file)) visit(target, [...path, file])
    done.add(file)
  }
  for (const room of Object.keys(ALLOWED)) for (const file of sources(room)) visit(file, [])
})
