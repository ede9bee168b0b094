/**
 * Which test files there are, and which of them must not run beside others.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import { ROOT } from '../../lib/machine/root.ts'

/** What is tested: the rooms of the house. */
const ROOMS = ['native', 'lib', 'labs', 'buildroot', 'book', 'checks']

/**
 * Files that no other test may run beside: one leaves what any lab that starts would sweep away, and removes whatever an
 * ended process has left; the other counts the files of the machine before and after programs that would fill it.
 */
const ALONE: readonly string[] = ['checks/clean/clean.test.ts', 'checks/trials/hostile.test.ts']

/** Whatever takes longest begins first, so that in the end no processor waits for one long file. */
const FIRST: readonly string[] = [
  'checks/trials/programs.test.ts',
  'book/press/recording/record.test.ts',
  'lib/engine/launch.test.ts',
  'buildroot/vm-boot.test.ts',
  'checks/learn/sittings.test.ts',
  'checks/learn/exercises.test.ts',
  'checks/trials/vm.test.ts',
  'lib/keeps.test.ts',
  'checks/trials/without-root.test.ts',
  'checks/trials/interruptions.test.ts',
  'lib/heart.test.ts',
]

/** What happens in a guest alone, for so long that it begins first and runs beside all others to the end. */
const APART: readonly string[] = ['buildroot/vm-other.test.ts']

/** What is to be run, as paths from the checkout's folder. */
export interface Plan {
  readonly together: readonly string[]
  readonly alone: readonly string[]
  readonly apart: readonly string[]
}

/** All test files at or below a path, relative to the checkout. */
function testsIn(path: string): string[] {
  if (statSync(path).isFile()) return [relative(ROOT, path)]
  const entries = readdirSync(path, { withFileTypes: true }).filter(({ name }) => name !== 'node_modules')
  return entries.flatMap(entry => {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) return testsIn(inner)
    return entry.name.endsWith('.test.ts') ? [relative(ROOT, inner)] : []
  })
}

/**
 * Plans a run.
 * @param words folders and files, relative to where the command was typed or to the checkout; none for everything
 * @throws UsageError for what does not exist, and for a place without tests
 */
export function plan(words: readonly string[]): Plan {
  const paths = words.map(word => {
    const found = [resolve(process.env['INIT_CWD'] ?? '.', word), join(ROOT, word)].find(path => existsSync(path))
    if (!found) throw new UsageError(`no such file or folder: ${word}\nhint: npm test -- lib/group, or one test file`)
    return found
  })
  const places = paths.length === 0 ? ROOMS.map(room => join(ROOT, room)) : paths
  const files = [...new Set(places.flatMap(testsIn))]
  if (files.length === 0) throw new UsageError(`there is no test in ${words.join(', ')}\nhint: npm test runs all`)
  const isAlone = (file: string) => ALONE.includes(file)
  const isApart = (file: string) => APART.includes(file)
  const together = files.filter(file => !isAlone(file) && !isApart(file))
  const first = FIRST.filter(file => together.includes(file))
  const rest = together.filter(file => !first.includes(file))
  return { together: [...first, ...rest], alone: files.filter(isAlone), apart: files.filter(isApart) }
}
