export const FOLDER: string
export const MARK: string
/** What changes when a file does. */
export function stamp(path: string): string
/** Where the bundle of a program is kept. */
export function bundlePath(entry: string): string
/** The finished bundle of `entry`, if there is one and no source has changed since. */
export function cachedBundle(entry: string): string | undefined
/** Whether there is a place for bundles that can be written. Without one, compiling would be in vain. */
export function canKeepBundles(): boolean
