/**
 * Right: the lab itself with IPv6, as `labs/09-bridge.ts --ipv6` runs it. What goes over IPv6 speaks neither for it nor
 * against it.
 */
process.argv.push('--ipv6')
await import('../../../../labs/09-bridge.ts')
