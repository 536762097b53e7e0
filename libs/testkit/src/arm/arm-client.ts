import tls from 'node:tls';
import { noteSkip } from '../programs/programs.js';
import { ArmContract } from './arm-contract.js';
import type { Contract } from './contract.js';
import type { Exchange } from './exchange.js';

export interface ArmClientOptions {
  /** Root of the management API, e.g. `http://127.0.0.1:8080`. */
  baseUrl: string;
  /** The bearer token, or how to get one; null sends none. */
  token?: string | null | (() => string | Promise<string>);
  /** Sent unless a call names another one. Default `2025-11-01`. */
  apiVersion?: string;
  /** PEM of the certificate authority to trust for https, besides the usual ones. */
  ca?: string;
  /** What everything is judged by; default is the published contract when it is at hand. */
  contracts?: readonly Contract[];
}

export interface ArmCallOptions {
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, for what is no JSON. */
  rawBody?: string | Buffer;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  /** Null leaves the api-version out. */
  apiVersion?: string | null;
  /** The request breaks the published schema on purpose and is answered all the same: only the answer is judged. */
  invalidRequest?: boolean;
  /** Another caller than the client's own; null sends no token. */
  token?: string | null;
}

/** What was answered. */
export interface ArmResponse<T = any> {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: T;
  text: string;
  url: string;
}

let shared: ArmContract | null | undefined;

/** The published contract, read once per process; null where it is not at hand. */
export function publishedContract(): ArmContract | null {
  if (shared === undefined) {
    shared = ArmContract.load();
    if (!shared)
      noteSkip('Nothing was judged by the published ARM specification', 'put the specifications at ../shared/specs/acr beside the project');
  }
  return shared;
}

/**
 * Speaks ARM over the network, as a client does, and judges every exchange by its contracts: a call that breaks one throws,
 * so that every management test is a contract test too.
 */
export class ArmClient {
  readonly #options: ArmClientOptions;
  readonly #contracts: readonly Contract[];
  /** How many exchanges were judged. */
  judged = 0;

  constructor(options: ArmClientOptions) {
    this.#options = options;
    this.#contracts = options.contracts ?? [publishedContract() ?? []].flat();
    if (options.ca) tls.setDefaultCACertificates([...tls.getCACertificates('default'), options.ca]);
  }

  get<T = any>(path: string, options?: ArmCallOptions): Promise<ArmResponse<T>> {
    return this.request<T>('GET', path, options);
  }

  head(path: string, options?: ArmCallOptions): Promise<ArmResponse<undefined>> {
    return this.request<undefined>('HEAD', path, options);
  }

  put<T = any>(path: string, body: unknown, options?: ArmCallOptions): Promise<ArmResponse<T>> {
    return this.request<T>('PUT', path, { body, ...options });
  }

  patch<T = any>(path: string, body: unknown, options?: ArmCallOptions): Promise<ArmResponse<T>> {
    return this.request<T>('PATCH', path, { body, ...options });
  }

  post<T = any>(path: string, body?: unknown, options?: ArmCallOptions): Promise<ArmResponse<T>> {
    return this.request<T>('POST', path, { body, ...options });
  }

  delete<T = any>(path: string, options?: ArmCallOptions): Promise<ArmResponse<T>> {
    return this.request<T>('DELETE', path, options);
  }

  /** One call, judged. `path` is a path below the root, or an absolute link that was handed out, which is followed verbatim. */
  async request<T = any>(method: string, path: string, options: ArmCallOptions = {}): Promise<ArmResponse<T>> {
    const url = this.#url(path, options);
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
    const token = options.token === undefined ? await this.#token() : options.token;
    if (token !== null) headers['authorization'] ??= `Bearer ${token}`;
    const body = options.rawBody ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    if (body !== undefined) headers['content-type'] ??= 'application/json';
    const answer = await fetch(url, { method, headers, body: body ?? null, redirect: 'manual' });
    const text = await answer.text();
    const exchange: Exchange = { method, url, status: answer.status, headers: Object.fromEntries(answer.headers), body: text };
    if (body !== undefined) exchange.requestBody = options.rawBody === undefined ? options.body : parsed(String(options.rawBody));
    if (options.invalidRequest) exchange.invalidRequest = true;
    this.#judge(exchange);
    return { status: exchange.status, headers: exchange.headers, body: parsed(text) as T, text, url };
  }

  /**
   * Polls what a reply announced until it has ended, the way the SDKs do, and gives the last answer: of
   * `Azure-AsyncOperation` the operation, of `Location` whatever comes after 202. A reply that announces nothing is given back.
   */
  async ended(reply: ArmResponse, { timeoutMs = 20_000, everyMs = 25 } = {}): Promise<ArmResponse> {
    const operation = reply.headers['azure-asyncoperation'];
    const location = reply.headers['location'];
    const link = operation ?? location;
    if (link === undefined) return reply;
    for (const end = Date.now() + timeoutMs; ; await new Promise((resolve) => setTimeout(resolve, everyMs))) {
      const answer = await this.get(link);
      const running = operation === undefined ? answer.status === 202 : !['Succeeded', 'Failed', 'Canceled'].includes(answer.body?.status);
      if (!running || answer.status >= 400) return answer;
      if (Date.now() > end) throw new Error(`${link} has not ended after ${timeoutMs} ms: ${answer.text}`);
    }
  }

  /** Every resource of a list, page by page. */
  async pages<T = any>(path: string, options?: ArmCallOptions): Promise<T[][]> {
    const pages: T[][] = [];
    let next: string | undefined = path;
    while (next !== undefined) {
      const { status, body, text }: ArmResponse = await this.get(next, next === path ? options : undefined);
      if (status !== 200) throw new Error(`GET ${next} was answered with ${status}: ${text}`);
      pages.push(body.value);
      next = body.nextLink ?? undefined;
    }
    return pages;
  }

  #url(path: string, { query, apiVersion }: ArmCallOptions): string {
    if (/^https?:/.test(path)) return path;
    const url = new URL(this.#options.baseUrl.replace(/\/$/, '') + path);
    const version = apiVersion === undefined ? (this.#options.apiVersion ?? '2025-11-01') : apiVersion;
    if (version !== null && !url.searchParams.has('api-version')) url.searchParams.set('api-version', version);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    return url.href;
  }

  async #token(): Promise<string | null> {
    const { token = null } = this.#options;
    return typeof token === 'function' ? token() : token;
  }

  #judge(exchange: Exchange): void {
    if (this.#contracts.length > 0) this.judged += 1;
    for (const contract of this.#contracts) {
      const violations = contract.violations(exchange);
      if (violations.length === 0) continue;
      const { method, url, status, body } = exchange;
      throw new Error(`${method} ${url} → ${status} breaks ${contract.name}:\n- ${violations.join('\n- ')}\n${body.slice(0, 2_000)}`);
    }
  }
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
