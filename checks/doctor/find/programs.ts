/**
 * Findings about programs and packages.
 */
import type { Tool } from '../../../lib/machine/packages.mjs'
import type { Facts } from '../observe/facts.ts'
import { finding, type State } from './finding.ts'
import { asRoot, install } from './remedies.ts'

/** A tool: fine where nothing is wrong with it. */
function tool(facts: Facts, id: Tool, title: string, without: State) {
  const fault = facts.tools[id]
  if (!fault) return finding(id, title, 'good', 'it is there')
  return finding(id, title, without, fault.seen, { cause: fault.cause, remedy: install(facts, [id]) })
}

function rootfs(facts: Facts) {
  const title = 'the root file system of lab 4'
  if (facts.rootfs) return finding('rootfs', title, 'good', facts.rootfs)
  const fault = facts.tools.busybox
  if (!fault) return finding('rootfs', title, 'good', 'it is made from busybox when it is first needed')
  return finding('rootfs', title, 'limited', 'no busybox', { cause: fault.cause, remedy: install(facts, ['busybox']) })
}

const KVM = {
  usable: 'it may be used',
  forbidden: '/dev/kvm is closed to this user',
  absent: 'there is no /dev/kvm',
}

function kvm(facts: Facts) {
  const title = 'KVM'
  if (facts.kvm === 'usable') return finding('kvm', title, 'good', KVM.usable)
  const cause = 'without it the virtual machine is emulated, and several times slower'
  const remedy =
    facts.kvm === 'forbidden'
      ? `${asRoot(facts, `usermod -aG kvm $USER`)}, and log in again`
      : 'switch virtualization on in the firmware, or nested virtualization on the host'
  return finding('kvm', title, 'limited', KVM[facts.kvm], { cause, remedy })
}

/** What is said of programs. */
export const programFindings = (facts: Facts) => [
  finding('node', 'Node', 'good', facts.node),
  tool(facts, 'cc', 'a C compiler', 'limited'),
  tool(facts, 'ip', 'ip', 'missing'),
  tool(facts, 'ping', 'ping', 'missing'),
  tool(facts, 'nft', 'nft', 'missing'),
  rootfs(facts),
  tool(facts, 'qemu', 'QEMU', 'missing'),
  kvm(facts),
]
