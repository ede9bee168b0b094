/**
 * Program: bundles the program named by its argument, and itself, so that it starts sooner the next time.
 */
import { bundle, cachedBundle } from './bundle.ts'

const self = import.meta.filename
await Promise.all([bundle(process.argv[2] as string), cachedBundle(self) ?? bundle(self)])
