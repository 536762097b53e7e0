import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyBudget, TrustedProxies } from '#lib/platform';
import { TokenRoutes } from '../tokens/token.routes.js';
import { ClientGone } from '../v2/body-writer.js';
import { V2Routes } from '../v2/v2-routes.js';
import { Call } from './call.js';
import { ErrorLines } from './error-lines.js';
import { answerFailure } from './failures.js';
import { RequestCounters } from './request-counters.js';
import { type Site, Sites } from './site.js';

/** nginx's word for a client that did not wait for its answer. */
const clientGone = 499;

type Routes = { answer(call: Call, site: Site): Promise<void> };

/** Where every request of the data plane comes in and every answer goes out. */
export class Edge {
  readonly #counters = new RequestCounters();

  constructor(
    private readonly sites: Sites,
    private readonly proxies: TrustedProxies,
    private readonly v2: V2Routes,
    private readonly tokens: TokenRoutes,
    private readonly lines: ErrorLines,
    private readonly bodies: BodyBudget,
  ) {}

  answerV2(request: IncomingMessage, response: ServerResponse): void {
    void this.#answer(new Call(request, response, this.bodies), this.v2);
  }

  answerToken(request: IncomingMessage, response: ServerResponse): void {
    void this.#answer(new Call(request, response, this.bodies), this.tokens);
  }

  /** For addresses nobody answers, and for those Fastify could not read. */
  answerNothing(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const routes: Routes = {
      answer: async () => {
        throw error;
      },
    };
    void this.#answer(new Call(request, response, this.bodies), routes);
  }

  async #answer(call: Call, routes: Routes): Promise<void> {
    let nameless: unknown;
    let refusal: unknown;
    try {
      const origin = this.proxies.read(call.request);
      call.clientAddress = origin.address;
      call.site = this.sites.of(origin);
      await routes.answer(call, call.site);
      this.#counters.count(call, call.response.statusCode);
      return;
    } catch (error) {
      refusal = error;
      nameless = this.#fail(call, error);
    }
    const gone = !call.response.headersSent;
    const status = gone ? clientGone : call.response.statusCode;
    this.#counters.count(call, status);
    this.lines.write(call, status, nameless, refusal);
  }

  #fail(call: Call, error: unknown): unknown {
    if (error instanceof ClientGone) return void call.response.destroy();
    try {
      return answerFailure(call, error);
    } catch (again) {
      call.response.destroy();
      return again;
    }
  }
}
