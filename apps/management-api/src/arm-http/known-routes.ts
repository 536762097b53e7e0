import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** Which methods a path answers: tells "there is nothing here" (404) from "not with this method" (405). */
@Injectable()
export class KnownRoutes {
  readonly #routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  /** Listens to routes as they are added; call before any is. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      const known = this.#routes.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
      for (const one of [method].flat()) known.methods.add(one);
      this.#routes.set(url, known);
    });
  }

  /** Every route there is, as it was declared. */
  all(): { method: string; url: string }[] {
    return [...this.#routes].flatMap(([url, { methods }]) => [...methods].map((method) => ({ method, url })));
  }

  /** Methods a path answers; empty when there is nothing at it. */
  methodsOf(url: string): string[] {
    const path = url.split('?', 1)[0]!.replace(/\/+$/, '') || '/';
    const methods = [...this.#routes.values()].filter(({ pattern }) => pattern.test(path)).flatMap((route) => [...route.methods]);
    return [...new Set(methods)].sort();
  }
}

function patternOf(url: string): RegExp {
  const source = url
    .replace(/\/+$/, '')
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)))
    .join('/');
  return new RegExp(`^${source || '/'}$`, 'i');
}
