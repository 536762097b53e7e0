import type { Exchange } from './exchange.js';

/** Judges what was said over the wire: every way in which an exchange breaks an API's description, each in one sentence. */
export interface Contract {
  /** What it is judged by, for the message of a failure. */
  readonly name: string;
  violations(exchange: Exchange): string[];
}
