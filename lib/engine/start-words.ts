/**
 * The words by which Node starts a command or a lab of a checkout from its bundle, as the scripts of package.json have
 * them.
 */
import { join } from 'node:path'
import { CLONEABLE_FLAGS } from './cloneable.ts'

/**
 * The options of Node and the program that comes before the command's own file.
 * @param checkout the folder of the checkout; the working directory by default
 */
export const startWords = (checkout = '.'): readonly string[] => [
  ...CLONEABLE_FLAGS,
  '--enable-source-maps',
  join(checkout, 'lib', 'engine', 'start.mjs'),
]
