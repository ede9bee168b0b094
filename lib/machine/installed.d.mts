/** The packages of package.json that are nowhere to be found. */
export function lackingPackages(): string[]
/** What `npm ci` has not brought here, or not for this machine; `undefined` if all is there. */
export function installFault(): Promise<
  { readonly title: string; readonly seen: string; readonly cause: string; readonly remedy: string } | undefined
>
