/**
 * The one line that starts a container is the same wherever it is written, and it is refused nowhere for want of words.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { CannotRun } from '../../lib/errors.ts'
import { CONTAINER_OPTIONS, containerCommand } from '../../lib/machine/container.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { CONTAINER_PLACES, containerWords } from './containers.ts'

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

test('README and .devcontainer have the options that every remedy names, and no others', () => {
  const lines = read('README.md').replaceAll(' \\\n', ' ').split('\n')
  const [line = '', ...more] = lines.filter(each => /^docker run /.test(each))
  assert.deepEqual(more, [])
  assert.equal(line.replace(/\s+/g, ' '), containerCommand('docker'))
  const { runArgs, build } = JSON.parse(read('.devcontainer/devcontainer.json'))
  assert.deepEqual(runArgs, CONTAINER_OPTIONS)
  assert.match(read(join('.devcontainer', build.dockerfile)), /^FROM \S+$/m)
  assert.ok(lines.includes('docker build -t containers-from-clone -f buildroot/Containerfile .'))
})

test('where there is no engine the matrix says what is missing', () => {
  const path = process.env['PATH']
  process.env['PATH'] = '/nonexistent'
  try {
    for (const place of CONTAINER_PLACES)
      assert.throws(
        () => containerWords(place, []),
        (error: Error) => error instanceof CannotRun && /there is no (docker|podman)\nhint: /.test(error.message),
      )
  } finally {
    process.env['PATH'] = path
  }
})
