/**
 * The kernel's modules: which ones a guest needs, in which order, and their bytes.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { CannotRun } from '../../lib/errors.ts'

/** The modules without which there is no root, no output and no exit code. */
export const NEEDED = ['virtio_pci', 'virtio_console', '9p', '9pnet_virtio', 'overlay'] as const
/** The modules that the labs use, and programs that need random numbers. */
export const WANTED = [
  'virtio_rng',
  'veth',
  // What libcrc32c asks for, and no table says so. nf_conntrack and all that follows needs libcrc32c.
  'crc32c_generic',
  // Lab 9: a bridge, rules and connections. What nft(8) asks for the guest cannot load by itself.
  ...['bridge', 'br_netfilter', 'nf_tables', 'nf_conntrack', 'nf_conntrack_netlink', 'nf_nat'],
  ...['nft_chain_nat', 'nft_nat', 'nft_masq', 'nft_redir', 'nft_ct', 'nft_compat', 'xt_MASQUERADE', 'xt_nat'],
] as const

/** `virtio-rng.ko.xz` and `virtio_rng` are one module. */
const moduleName = (path: string): string =>
  (path.split('/').at(-1) as string).replace(/\.ko(\.\w+)?$/, '').replaceAll('-', '_')

/** What depmod(8) wrote about a kernel's modules. */
export interface ModuleTable {
  /** By name: the module's path, and those of the ones it needs, the farthest last. */
  readonly paths: ReadonlyMap<string, readonly string[]>
  readonly builtin: ReadonlySet<string>
}

/** Reads `modules.dep` and `modules.builtin`. */
export function parseModules(dep: string, builtin: string): ModuleTable {
  const lines = dep.split('\n').filter(line => line.includes(':'))
  const entries = lines.map(line => line.replace(':', ' ').trim().split(/\s+/))
  return {
    paths: new Map(entries.map(paths => [moduleName(paths[0] as string), paths])),
    builtin: new Set(builtin.split('\n').filter(Boolean).map(moduleName)),
  }
}

/**
 * The modules to load, each behind those it needs.
 * @param needed are built in or in the table; wanted are taken where they are
 * @returns their paths, or the names of those needed that are nowhere
 */
export function moduleOrder(
  { paths, builtin }: ModuleTable,
  needed: readonly string[],
  wanted: readonly string[],
): { readonly order: string[]; readonly lacking: string[] } {
  const lacking = needed.filter(name => !paths.has(name) && !builtin.has(name))
  const order = new Set<string>()
  for (const name of [...needed, ...wanted]) {
    const [own, ...others] = paths.get(name) ?? []
    if (own === undefined) continue
    for (const path of [...others.reverse(), own]) order.add(path)
  }
  return { order: [...order], lacking }
}

/** Reads a kernel's table of modules; `undefined` without one. */
export function readModules(directory: string): ModuleTable | undefined {
  const read = (name: string) => readFileSync(join(directory, name), 'utf8')
  try {
    return parseModules(
      read('modules.dep'),
      existsSync(join(directory, 'modules.builtin')) ? read('modules.builtin') : '',
    )
  } catch {
    return undefined
  }
}

const UNPACKERS: Readonly<Record<string, string>> = { xz: 'xz', zst: 'zstd' }

/** The bytes of a module as the kernel takes them. @throws CannotRun where the program that unpacks it is missing */
export function moduleBytes(path: string): Buffer {
  const bytes = readFileSync(path)
  const suffix = /\.ko\.(\w+)$/.exec(path)?.[1]
  if (suffix === undefined) return bytes
  if (suffix === 'gz') return gunzipSync(bytes)
  const program = UNPACKERS[suffix] ?? suffix
  const { status, stdout } = spawnSync(program, ['-dc'], { input: bytes, maxBuffer: 2 ** 28 })
  if (status !== 0) throw new CannotRun(`${path} cannot be unpacked\nhint: install ${program}`)
  return stdout
}
