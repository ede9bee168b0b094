/** How a program is compiled, where it is not one of this checkout. */
export interface CompileOptions {
  /** What the bundle is for Node: an ES module, or CommonJS. */
  readonly format?: 'esm' | 'cjs'
  /** Where a source says that it is: where it will stand when the program runs. */
  readonly placeOf?: (path: string) => string
  /** Further expressions that are replaced, each by a name or a constant. */
  readonly define?: Readonly<Record<string, string>>
}

/**
 * The text of a program with all that it imports from its own folders.
 * @returns it, and the files it was made from, each with its stamp from before it was read
 * @throws BuildFailure of esbuild
 */
export function compileWith(
  entry: string,
  plugins: readonly import('esbuild').Plugin[],
  options?: CompileOptions,
): Promise<{ readonly text: string; readonly stamps: readonly (readonly [path: string, stamp: string])[] }>
