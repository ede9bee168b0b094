/**
 * What programs of the checkout compile for themselves when they start. It is done outside, because the guest would be
 * twenty times slower, and would lose the result with its file system.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, cachedBundle } from '../../lib/engine/bundle.ts'
import { ROOT } from '../../lib/machine/root.ts'

/** Programs that are started from their bundles. */
function programs(): string[] {
  const labs = readdirSync(join(ROOT, 'labs')).filter(name => /^\d\d-.*\.ts$/.test(name))
  const others = [
    'checks/check.ts',
    'checks/trials/place.ts',
    'checks/trials/programs/judge-all.ts',
    'buildroot/rootfs.ts',
  ]
  return [...labs.map(name => join('labs', name)), ...others].map(name => join(ROOT, name))
}

/** Compiles what has changed, where the checkout can be written. */
export async function compilePrograms(): Promise<void> {
  for (const program of programs()) if (!cachedBundle(program)) await bundle(program)
}
