/** One request and what was answered, as they were on the wire. Header names are in lower case. */
export interface Exchange {
  method: string;
  url: string;
  requestBody?: unknown;
  /** The request is wrong on purpose: only the answer is judged. */
  invalidRequest?: boolean;
  status: number;
  headers: Readonly<Record<string, string>>;
  /** The body as text; empty when there was none. */
  body: string;
}
