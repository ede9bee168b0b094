/**
 * Where programs are. The function is in JavaScript, because setup.mjs asks before anything here can read TypeScript.
 */
export { findProgram, SBIN } from './packages.mjs'
