/**
 * A fresh root file system of Debian, with what this machine knows of how packages are reached, and this checkout in a
 * home that only root may enter.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'
import { NODE_VERSIONS, nodeFolder } from '../../lib/testing/node-versions.ts'

/** A release of Debian. */
export interface Release {
  /** How it is called in the table. */
  readonly name: string
  /** How apt calls it. */
  readonly suite: string
  /** Whether its own Node is new enough; else one of npm's registry is brought. */
  readonly hasNode: boolean
}

export const RELEASES: readonly Release[] = [
  { name: 'debian 12', suite: 'bookworm', hasNode: false },
  { name: 'debian 13', suite: 'trixie', hasNode: true },
  { name: 'debian sid', suite: 'sid', hasNode: true },
]

/** Where the checkout is in there, below root's home. */
export const CHECKOUT = 'containers-from-clone'
/** The npm that came with Node 20. */
const NPM = 'npm@10.8.2'

/** Variables that name the certificates by which this machine trusts those who serve packages. */
const CERTIFICATES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO']
const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy']
/** What of npm's settings says how its registry is reached. Tokens stay outside. */
const NPM_SETTINGS = /^\s*((@[\w-]+:)?registry|ca|cafile|proxy|https-proxy|noproxy|strict-ssl|fetch-[\w-]+)\s*=/
/** What of apt's settings says how its archives are reached. */
const APT_SETTINGS = /^Acquire::(https?|ftp|Check-|Retries|ForceIPv)/i

const ALONE = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc']

const text = (file: string, ...words: string[]) => spawnSync(file, words, { encoding: 'utf8' }).stdout ?? ''

/** The variables with which a command in a fresh root is started. */
export function environment(): Record<string, string> {
  const passed = [...CERTIFICATES, ...PROXIES].flatMap(name => {
    const value = process.env[name] ?? process.env[name.toUpperCase()]
    return value ? [[name, value]] : []
  })
  return {
    ...Object.fromEntries(passed),
    HOME: '/root',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    DEBIAN_FRONTEND: 'noninteractive',
    NO_COLOR: '1',
  }
}

/** apt's settings as a file. Lists of a mirror that was frozen are past their date, and as good as they were. */
function aptSettings(): string {
  const lines = text('apt-config', 'dump', '--format', '%F "%v";%n').split('\n')
  return [...lines.filter(line => APT_SETTINGS.test(line)), 'Acquire::Check-Valid-Until "false";', ''].join('\n')
}

/** Lines of sources.list for a release, from where this machine has Debian's packages; none if it is no Debian. */
function sources({ suite }: Release): string[] {
  const targets = text('apt-get', 'indextargets', '--format', '$(REPO_URI) $(LABEL)', 'Origin: Debian').split('\n')
  const uriOf = (label: string) => targets.find(line => line.endsWith(` ${label}`))?.split(' ')[0]
  const [main, security] = [uriOf('Debian'), uriOf('Debian-Security')]
  if (!main) return []
  if (suite === 'sid') return [`deb ${main} sid main`]
  const updates = [`deb ${main} ${suite} main`, `deb ${main} ${suite}-updates main`]
  return security ? [...updates, `deb ${security} ${suite}-security main`] : updates
}

async function bootstrap(root: string, release: Release, signal: AbortSignal): Promise<void> {
  const mmdebstrap = findProgram('mmdebstrap')
  if (!mmdebstrap)
    throw new CannotRun('there is no mmdebstrap to make a root with\nhint: sudo apt-get install mmdebstrap')
  const settings = `${root}.apt`
  writeFileSync(settings, aptSettings())
  const packages = ['git', 'ca-certificates', ...(release.hasNode ? ['nodejs', 'npm'] : [])]
  const options = [
    '--variant=apt',
    '--mode=root',
    '--format=directory',
    // What is thrown away need not wait for the disk.
    '--dpkgopt=force-unsafe-io',
    `--include=${packages}`,
    `--aptopt=${settings}`,
  ]
  const words = [...options, release.suite, root, ...sources(release)]
  // It mounts /proc and the like in there, and starts much. In namespaces of its own all of that ends with it.
  const child = spawn('unshare', [...ALONE, mmdebstrap, ...words], { signal, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text
  })
  const code = await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject))
  signal.throwIfAborted()
  if (code !== 0) throw new Error(`mmdebstrap ${words.join(' ')}: exit code ${code}\n${said.trimEnd()}`)
}

/** Copies a file of this machine to the same place. */
function copyTo(root: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  cpSync(path, join(root, path), { dereference: true })
}

/** Gives npm the settings of this machine's, and everybody its certificates and names. */
function connect(root: string): void {
  const files = ['globalconfig', 'userconfig', 'cafile'].map(name => text('npm', 'config', 'get', name).trim())
  const [global = '', user = '', authorities = ''] = files
  const lines = [global, user, '/etc/npmrc', '/usr/etc/npmrc'].flatMap(file =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter(line => NPM_SETTINGS.test(line))
      : [],
  )
  const cafile = existsSync(authorities) ? [`cafile=${authorities}`] : []
  writeFileSync(join(root, 'root/.npmrc'), [...new Set([...lines, ...cafile]), ''].join('\n'))
  const named = CERTIFICATES.flatMap(name => environment()[name] ?? [])
  const copied = [authorities, ...named, '/etc/hosts', '/etc/resolv.conf'].filter(path => path.startsWith('/'))
  for (const path of new Set(copied)) if (existsSync(path) && statSync(path).isFile()) copyTo(root, path)
}

/** Brings the oldest Node that the project knows, and its npm. */
async function bringNode(root: string): Promise<void> {
  const node = join(root, 'usr/local/bin/node')
  cpSync(join(await nodeFolder(NODE_VERSIONS[0]), 'node'), node, { dereference: true })
  chmodSync(node, 0o755)
  execFileSync('npm', ['install', '--global', '--no-audit', '--no-fund', '--prefix', join(root, 'usr/local'), NPM])
}

/** Clones this checkout, and brings what is changed in it and not committed. */
function bringCheckout(root: string): void {
  const target = join(root, 'root', CHECKOUT)
  const git = (...words: string[]) => execFileSync('git', ['-c', 'safe.directory=*', '-C', ROOT, ...words]).toString()
  git('clone', '--quiet', '--no-hardlinks', ROOT, target)
  const listed = (option: string) => git('ls-files', '-z', '--exclude-standard', option).split('\0').filter(Boolean)
  for (const name of listed('--deleted')) rmSync(join(target, name), { force: true })
  for (const name of [...listed('--modified'), ...listed('--others')])
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(target, name))
}

/**
 * Makes a root: minimal, with git, Node and npm, and this checkout in /root.
 * @param root a folder that does not exist yet; beside it is written, too
 * @param signal ends it
 * @throws CannotRun without mmdebstrap
 */
export async function makeFreshRoot(root: string, release: Release, signal: AbortSignal): Promise<void> {
  await bootstrap(root, release, signal)
  connect(root)
  if (!release.hasNode) await bringNode(root)
  bringCheckout(root)
}
