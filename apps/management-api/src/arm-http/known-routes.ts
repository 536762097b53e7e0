import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { AccessRule } from './access.js';

/** One route as it was declared. */
export interface KnownRoute {
  method: string;
  url: string;
  access: AccessRule | undefined;
}

/** Which methods a path answers: tells "there is nothing here" (404) from "not with this method" (405). */
@Injectable()
export class KnownRoutes {
  readonly #routes = new Map<string, { pattern: RegExp; methods: Map<string, AccessRule | undefined> }>();

  /** Listens to routes as they are added; call before any is. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method, config }) => {
      const known = this.#routes.get(url) ?? { pattern: patternOf(url), methods: new Map() };
      for (const one of [method].flat()) known.methods.set(one, config?.access);
      this.#routes.set(url, known);
    });
  }

  /** Every route there is, as it was declared. */
  all(): KnownRoute[] {
    return [...this.#routes].flatMap(([url, { methods }]) => [...methods].map(([method, access]) => ({ method, url, access })));
  }

  /** Methods a path answers; empty when there is nothing at it. */
  methodsOf(url: string): string[] {
    const path = url.split('?', 1)[0]!.replace(/\/+$/, '') || '/';
    const methods = [...this.#routes.values()].filter(({ pattern }) => pattern.test(path)).flatMap((route) => [...route.methods.keys()]);
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
