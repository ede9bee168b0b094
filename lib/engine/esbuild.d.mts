/**
 * The text of a program with all that it imports from its own folders.
 * @returns it, and the files it was made from, each with its stamp from before it was read
 * @throws BuildFailure of esbuild
 */
export function compileWith(
  entry: string,
  plugins: readonly import('esbuild').Plugin[],
): Promise<{ readonly text: string; readonly stamps: readonly (readonly [path: string, stamp: string])[] }>
