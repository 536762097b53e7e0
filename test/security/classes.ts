/**
 * One class of attack on a registry: what it is, and either a spec file `NN-<slug>.spec.ts` in this folder or what it waits for.
 * Numbers are stable; a class is never removed, only its test written.
 */
export interface AttackClass {
  readonly name: string;
  /** Why no test can exist yet: the capability that would open this way does not exist. Absent where a spec file exists. */
  readonly waitsFor?: string;
}

/** Number → class. */
export const attackClasses: Readonly<Record<number, AttackClass>> = {
  1: { name: 'Unbounded page size' },
  2: { name: 'Token key confusion' },
  3: { name: 'Missing or odd claims' },
  4: { name: 'A token outlives a resource that is created again' },
  5: { name: 'Credentials sent to a foreign realm or host', waitsFor: 'the first call to another registry (cache, import)' },
  6: { name: 'SSRF by a URL field', waitsFor: 'the first URL that Regatta calls (webhooks, import, cache)' },
  7: { name: 'Missing object-level authorization' },
  8: { name: 'Hijacked upload session' },
  9: { name: 'Blob read without a link of the repository' },
  10: { name: 'Create confused with update of a tag', waitsFor: 'a right that creates tags and does not move them' },
  11: { name: 'Policy bypassed by another path' },
  12: { name: 'Stale role' },
  13: { name: 'Trust by name' },
  14: { name: 'Default or weak credentials' },
  15: { name: 'A reader of the control plane pulls or lists secrets' },
  16: { name: 'Injection by filter' },
  17: { name: 'Path traversal and encoding' },
  18: { name: 'Manifest type confusion' },
  19: { name: 'Oversized bodies' },
  20: { name: 'Deep or cyclic graphs' },
  21: { name: 'Digest not verified', waitsFor: 'the scrubber, which compares stored bytes with their digest' },
  22: { name: 'Signature bound to another digest', waitsFor: 'verification of signatures' },
  23: { name: 'Cache poisoning', waitsFor: 'cache rules that pull' },
  24: { name: 'Open redirect, XSS, CSRF, CORS' },
  25: { name: 'CSV and log injection' },
  26: { name: 'Secrets in logs, process lists and errors' },
  27: { name: 'Timing and enumeration of principals' },
  28: { name: 'Escape from a build', waitsFor: 'tasks' },
  29: { name: 'Forged or replayed webhooks', waitsFor: 'webhooks' },
  30: { name: 'Overflowing counters and clocks' },
  31: { name: 'Slow bodies and floods of connections' },
  32: { name: 'Rights decided on the raw request target' },
  33: { name: 'Work before authentication' },
  34: { name: 'Bodies in crumbs' },
  35: { name: 'A right or object survives what it was about' },
  36: { name: 'A policy depends on the door' },
  37: { name: 'Strangers lock others out' },
  38: { name: 'A lost connection ends a process' },
  39: { name: 'A listing as large as its members' },
};
