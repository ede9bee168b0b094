/**
 * What forbids everything on this machine: the system, the processor, a Node that is too old. In the JavaScript of 2015,
 * so that an old Node can read it and say so: the reader's Node may be of any age.
 */
// biome-ignore-start lint/style/useNodejsImportProtocol: a Node of 2020 does not know the prefix.
const fs = require('fs')
const path = require('path')
// biome-ignore-end lint/style/useNodejsImportProtocol: from here on there are no more of them.

const ROOT = path.dirname(path.dirname(__dirname))
const WANTED = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')).engines.node.replace(/[^\d.]/g, '')

/** The distributions whose own Node is new enough, from which version on. */
const NODES = {
  alpine: ['3.21', 'apk add --update-cache nodejs npm'],
  arch: ['0', 'pacman -S --needed nodejs npm'],
  debian: ['13', 'apt-get install -y nodejs npm'],
  fedora: ['41', 'dnf install -y nodejs'],
  'opensuse-tumbleweed': ['0', 'zypper install nodejs-default npm-default'],
}
const NVM = 'nvm install --lts (with nvm, https://github.com/nvm-sh/nvm)'

const SYSTEMS = {
  darwin: [
    'this is macOS, and the labs are system calls of Linux',
    'limactl start (Lima), and then all of this in there',
  ],
  win32: ['this is Windows, and the labs are system calls of Linux', 'wsl --install, and then all of this in there'],
}

function isOlder(version, wanted) {
  const [one, other] = [version, wanted].map(text => text.split('.').map(Number))
  const i = other.findIndex((number, place) => number !== one[place])
  return i >= 0 && one[i] < other[i]
}

function newerNode() {
  try {
    const osRelease = fs.readFileSync('/etc/os-release', 'utf8')
    const field = name => (new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(osRelease) || ['', ''])[1]
    const [since, command] = NODES[field('ID')]
    if (isOlder(field('VERSION_ID') || '0', since)) return NVM
    return `${process.getuid() === 0 ? '' : 'sudo '}${command}; or ${NVM}`
  } catch (_) {
    // No such file, or a distribution whose own Node is too old.
    return NVM
  }
}

/** On a machine that could run the labs: whether /proc is missing, in which every program here looks. */
function withoutProc() {
  if (process.platform !== 'linux' || fs.existsSync('/proc/self')) return undefined
  const cause = 'clone() looks there for the threads of this process, and the checks for everybody else'
  return { id: 'proc', title: '/proc', seen: 'not mounted', cause, remedy: 'mount -t proc proc /proc' }
}

/** What forbids everything, with its cause and its remedy; `undefined` where nothing does. */
function obstacle(platform, arch, node) {
  if (platform !== 'linux') {
    const [cause, remedy] = SYSTEMS[platform] || [`this is ${platform}, and the labs need Linux`, 'npm run vm']
    return { id: 'system', title: 'Linux', seen: platform, cause, remedy }
  }
  if (arch !== 'x64' && arch !== 'arm64') {
    const cause = 'the labs know the system calls of x86-64 and of arm64'
    return { id: 'system', title: 'Linux', seen: arch, cause, remedy: 'use a machine of one of the two' }
  }
  if (!isOlder(node, WANTED)) return withoutProc()
  return { id: 'node', title: 'Node', seen: node, cause: `the labs need Node ${WANTED} or later`, remedy: newerNode() }
}

/** The same as a reader sees it. */
function describe(found) {
  return `✘ ${found.title}: ${found.seen}\n  cause:   ${found.cause}\n  remedy:  ${found.remedy}`
}

module.exports = { obstacle, describe }
