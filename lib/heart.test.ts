/**
 * What native/README.md promises about a child and its end, on every Node: no child returns from clone() into the code
 * of its parent, and a guest on the parent's heap may do what a child does.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { clone } from './clone.ts'
import { CLONE_VFORK, CLONE_VM, SIGCHLD } from './flags.ts'
import { waitpid } from './process.ts'
import { everyNode, runCompiled } from './testing/every-node.ts'
import { thrownBy } from './testing/in-child.ts'

const options = { concurrency: 2, skip: process.getuid?.() !== 0 && 'makes namespaces, which takes root' }
const SHARED = CLONE_VM | CLONE_VFORK | SIGCHLD

/** The lines of `NAME … VALUE` that a fixture prints. */
function facts(output: string): Map<string, string> {
  return new Map(Array.from(output.matchAll(/^(.+?) (\S+)$/gm), ([, name = '', value = '']) => [name, value]))
}

suite('no child returns from clone()', options, () => {
  everyNode('whatever a child throws, and from however deep a stack', async node => {
    const { code, output } = await runCompiled('lib/testing/fixtures/escape.ts', [], { node })
    assert.doesNotMatch(output, /ESCAPED/)
    assert.equal(code, 0)
    const seen = [...facts(output)].filter(([name]) => / (copy|shared)$/.test(name))
    assert.equal(seen.length, 23)
    for (const [name, value] of seen) assert.equal(value, '1', name)
    // Either it lived its life, or its parent could not call clone() at all.
    assert.match(output, /^deep copy 7 RangeError$/m)
    assert.match(output, /^deep shared 7 RangeError$/m)
    assert.match(output, /nobody can read this|uncaught: something that cannot be shown/)
  })
})

suite('a child can be made and can end', options, () => {
  everyNode('within calls that go through C++ and back, and in every kind of callback', async node => {
    const { code, output } = await runCompiled('lib/testing/fixtures/places.ts', [], { node })
    assert.equal(code, 0, output)
    assert.doesNotMatch(output, /ESCAPED/)
    const seen = [...facts(output)].filter(([name]) => / (copy|shared)$/.test(name))
    assert.equal(seen.length, 58)
    for (const [name, value] of seen) assert.equal(value, name.startsWith('throw-') ? '1' : '4', name)
  })
})

suite('a first clone() that is cut short in the midst of its preparations', options, () => {
  for (const place of ['stdout', 'stderr', 'rehearsal', 'stack'])
    everyNode(`(${place}) is made up for: children of later ones end`, async node => {
      const { code, output } = await runCompiled('lib/testing/fixtures/cut-first.ts', [place], { node })
      const pair = 'copy 4\nshared 4\n'
      assert.equal(output, `${pair}${pair}a child speaks\ncopy 4\na child speaks\nshared 4\nthe parent 6\n`)
      assert.equal(code, 6)
    })
})

const LAST_WORD =
  /^clone: child \d+, on this program's memory \(CLONE_VM\), (.+) in the midst of its work; .+ exit code 70$/

suite("a child on its parent's heap", options, () => {
  everyNode('may clone, start programs, become one and exit, and the parent lives on', async node => {
    const { code, output } = await runCompiled('lib/testing/fixtures/guest.ts', [], { node })
    assert.equal(code, 0, output)
    const seen = facts(output)
    assert.equal(seen.get('execLate'), '1')
    assert.match(output, /^execve\("\S+notes", \[no\]\): ENOEXEC \(Exec format error\)$/m)
    for (const [name, value] of seen) if (/^[\w]+$/.test(name) && name !== 'execLate') assert.equal(value, '4', name)
    assert.match(output, /^frames 4 4 4 4\nthe parent lives, 200000\n/m)
  })

  everyNode('that ends in the midst of its work ends the parent with a sentence and 70', async node => {
    const ends = {
      SIGKILL: 'was killed by SIGKILL',
      SIGTERM: 'was killed by SIGTERM',
      abort: 'was killed by SIGABRT',
      exitInC: 'left without a word',
      nested: 'was killed by SIGKILL',
    }
    for (const [kind, how] of Object.entries(ends)) {
      const { code, signal, output } = await runCompiled('lib/testing/fixtures/guest.ts', [kind], { node })
      const said = output.split('\n').flatMap(line => LAST_WORD.exec(line)?.[1] ?? [])
      assert.deepEqual([code, signal, said], [70, null, [how]], output)
    }
  })

  everyNode('whose script V8 ends, past every `finally`, leaves a parent that knows who it is', async node => {
    const { code, output } = await runCompiled('lib/testing/fixtures/cut-short.ts', [], { node })
    assert.equal(output, 'nested 4\ncopy 4\nthe parent ends 3\n')
    assert.equal(code, 3)
  })

  everyNode('needs no more stack than there is under `ulimit -s 256`', async node => {
    const before = ['sh', '-c', 'ulimit -s 256 && exec "$@"', 'sh']
    const { code, output } = await runCompiled('lib/testing/fixtures/guest.ts', ['small'], { node, before })
    assert.equal(code, 0, output)
    assert.match(output, /^small 4$/m)
  })

  test('may have such a child itself, 64 deep', () => {
    const nest = (depth: number): number =>
      depth === 0 ? 9 : (waitpid(clone(() => nest(depth - 1), SHARED)).code ?? 0)
    assert.equal(nest(64), 9)
    const nestOrSay = (depth: number): number => {
      if (depth > 0) return waitpid(clone(() => nestOrSay(depth - 1), SHARED)).code ?? 0
      return /64 children already live on this stack/.test(thrownBy(() => clone(() => 0, SHARED)).message) ? 8 : 7
    }
    assert.equal(nestOrSay(64), 8)
  })
})
