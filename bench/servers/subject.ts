import type { Target } from '../load/connection.js';

/** One of the two registries under measurement, started by us and seeded alike. */
export interface Subject {
  /** `reference` or `regatta`; in a comparison of two builds, which of them. */
  readonly name: string;
  /** What an acknowledged write has survived, in a sentence for the report. */
  readonly durability: string;
  /** The process whose tree is the server. */
  readonly pid: number;
  /** Where requests go, with a fresh token for these scopes (`repository:{name}:{actions}`) when the server asks for one. */
  target(scopes: readonly string[]): Promise<Target>;
  stop(): Promise<void>;
}
