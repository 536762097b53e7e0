import type { Scope } from '#lib/domain';
import type { V2Route } from '#lib/oci';
import type { Caller } from '../auth/gate.js';
import type { Call } from '../edge/call.js';
import type { RepositoryTarget } from '../edge/target.js';
import type { Blobs } from './blobs.js';
import type { Listings } from './listings.js';
import type { Manifests } from './manifests.js';
import { mountNeeds, type UploadRoutes } from './uploads.js';

/** Routes that are about one repository. */
export type RepositoryRoute = Extract<V2Route, { name: string }>;

/** Who answers for the content of one region. */
export interface ContentHandlers {
  manifests: Manifests;
  blobs: Blobs;
  uploads: UploadRoutes;
  listings: Listings;
}

/** One verb on one kind of resource. */
export interface Operation<R extends RepositoryRoute = RepositoryRoute> {
  /** The actions a challenge asks for. */
  asks: readonly string[];
  /** Any of these is enough. */
  anyOf: readonly string[];
  /** What a challenge asks for besides, although the operation can do without. */
  wishes?(call: Call, target: RepositoryTarget): Scope | null;
  run(handlers: ContentHandlers, call: Call, target: RepositoryTarget, route: R, caller: Caller): Promise<void>;
}

type Operations = { readonly [K in RepositoryRoute['kind']]: Readonly<Record<string, Operation<Extract<RepositoryRoute, { kind: K }>>>> };

const read = { asks: ['pull'], anyOf: ['pull'] } as const;
// Clients that answer a challenge word for word then hold a token they can also look with.
const write = { asks: ['pull', 'push'], anyOf: ['push'] } as const;
const remove = { asks: ['delete'], anyOf: ['delete'] } as const;

/** Every verb of the registry API on a repository (OCI distribution 1.1, "Endpoints"): what it needs and who does it. HEAD goes with GET. */
export const operations: Operations = {
  manifest: {
    GET: { ...read, run: ({ manifests }, call, target, { reference }) => manifests.get(call, target, reference) },
    PUT: { ...write, run: ({ manifests }, call, target, { reference }) => manifests.put(call, target, reference) },
    DELETE: { ...remove, run: ({ manifests }, call, target, { reference }) => manifests.delete(call, target, reference) },
  },
  blob: {
    GET: { ...read, run: ({ blobs }, call, target, { digest }, caller) => blobs.get(call, target, digest, caller) },
    DELETE: { ...remove, run: ({ blobs }, call, target, { digest }) => blobs.delete(call, target, digest) },
  },
  uploads: {
    POST: { ...write, wishes: mountNeeds, run: ({ uploads }, call, target, _route, caller) => uploads.start(call, target, caller) },
  },
  upload: {
    GET: { ...write, run: ({ uploads }, call, target, { uploadId }, caller) => uploads.status(call, target, caller, uploadId) },
    PATCH: { ...write, run: ({ uploads }, call, target, { uploadId }, caller) => uploads.append(call, target, caller, uploadId) },
    PUT: { ...write, run: ({ uploads }, call, target, { uploadId }, caller) => uploads.finish(call, target, caller, uploadId) },
    DELETE: { ...write, run: ({ uploads }, call, target, { uploadId }, caller) => uploads.cancel(call, target, caller, uploadId) },
  },
  tags: {
    GET: { asks: ['pull'], anyOf: ['pull', 'metadata_read'], run: ({ listings }, call, target) => listings.tags(call, target) },
  },
  referrers: {
    GET: { ...read, run: ({ listings }, call, target, { digest }) => listings.referrers(call, target, digest) },
  },
};

/** What requests are counted and logged as. */
export const routePatterns: Readonly<Record<V2Route['kind'], string>> = {
  base: '/v2/',
  catalog: '/v2/_catalog',
  manifest: '/v2/{name}/manifests/{reference}',
  blob: '/v2/{name}/blobs/{digest}',
  uploads: '/v2/{name}/blobs/uploads/',
  upload: '/v2/{name}/blobs/uploads/{id}',
  tags: '/v2/{name}/tags/list',
  referrers: '/v2/{name}/referrers/{digest}',
};

export function operationFor(route: RepositoryRoute, verb: string): Operation | undefined {
  const byVerb: Readonly<Record<string, Operation<never>>> = operations[route.kind];
  return Object.hasOwn(byVerb, verb) ? (byVerb[verb] as Operation) : undefined;
}
