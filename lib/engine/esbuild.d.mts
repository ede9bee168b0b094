/**
 * The text of a program with all that it imports from its own folders.
 * @returns it, and the files it was made from, relative to the checkout
 * @throws BuildFailure of esbuild
 */
export function compileWith(
  entry: string,
  plugins: readonly import('esbuild').Plugin[],
): Promise<{ readonly text: string; readonly sources: readonly string[] }>
