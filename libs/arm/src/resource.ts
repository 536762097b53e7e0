import { z } from 'zod';
import { normalizeRegion } from '#lib/domain';
import { requireValid } from './issues.js';
import { mergePatch } from './merge-patch.js';
import { withOptional } from './optional-members.js';
import { patchedMember, patchOf, type MergePatch } from './patch-schema.js';
import type { RepeatedMembers } from './same-resource.js';
import { systemData, type SystemData } from './system-data.js';
import { tags, type Tags } from './tags.js';
import { echoedMembers } from './unknown-members.js';

/** What has to be said about a kind of resource; the rest is the same for all. */
export interface ResourceDefinition<
  P extends z.ZodRawShape = z.ZodRawShape,
  R extends z.ZodRawShape = z.ZodRawShape,
  T extends z.ZodRawShape = z.ZodRawShape,
> {
  /** Full type, e.g. `Microsoft.ContainerRegistry/registries/webhooks`. */
  type: string;
  /** The collection's segment in URLs, e.g. `webhooks`. */
  segment: string;
  /** What a name looks like. */
  name: RegExp;
  /** How the OpenAPI document calls it, e.g. `Webhook`. */
  title: string;
  /** Tracked resources carry `location` and `tags`. */
  tracked?: boolean;
  /** What a client may set in `properties`. */
  properties: z.ZodObject<P>;
  /** What only the service sets in `properties`. */
  readOnly?: z.ZodObject<R>;
  /** Paths in `properties` (`policies.softDeletePolicy`) that an answer may lack: some api-version, or some state, does not show them. */
  notAlwaysShown?: readonly string[];
  /** Further top-level members a client may set, e.g. `{ sku, identity }`. */
  members?: T;
  /** Further top-level members only the service sets. */
  readOnlyMembers?: z.ZodRawShape;
}

/** A kind of resource: its definition, and the schema of what is answered. */
export interface ArmResource<
  P extends z.ZodRawShape = z.ZodRawShape,
  R extends z.ZodRawShape = z.ZodRawShape,
  T extends z.ZodRawShape = z.ZodRawShape,
> extends ResourceDefinition<P, R, T> {
  /** The resource as answered: type, validation in tests, and OpenAPI. */
  response: z.ZodObject;
  /** A page of such resources. */
  page: z.ZodObject;
}

/** A location in a request: `West Europe` is read as `westeurope`. */
export const location = z
  .string()
  .min(1, 'must name a region')
  .max(90)
  .overwrite(normalizeRegion)
  .meta({ id: 'RegionName', description: 'The region the resource lives in; it cannot be changed later.' });

/** Declares a kind of resource. One value is the type, the validation and the OpenAPI schema. */
export function armResource<P extends z.ZodRawShape, R extends z.ZodRawShape = {}, T extends z.ZodRawShape = {}>(
  definition: ResourceDefinition<P, R, T>,
): ArmResource<P, R, T> {
  const { tracked, properties, readOnly, notAlwaysShown = [], members, readOnlyMembers, title } = definition;
  const response = z
    .object({
      id: z.string().meta({ description: 'Resource id.', readOnly: true }),
      name: z.string().meta({ description: 'Name of the resource.', readOnly: true }),
      type: z.string().meta({ description: 'Type of the resource.', readOnly: true, example: definition.type }),
      ...(tracked && { location: z.string(), tags: z.record(z.string(), z.string()).optional() }),
      ...(members as z.ZodRawShape | undefined),
      ...readOnlyMembers,
      systemData: systemData.optional(),
      properties: withOptional(z.object({ ...properties.shape, ...readOnly?.shape }), notAlwaysShown),
    })
    .meta({ id: title });
  return { ...definition, response, page: pageOf(response, `${title}ListResult`) };
}

/** The schema of one page of `item`. */
export function pageOf<S extends z.ZodType>(item: S, title: string) {
  return z
    .object({
      value: z.array(item),
      nextLink: z.url().optional().meta({ description: 'Absolute address of the next page; absent on the last one.' }),
    })
    .meta({ id: title, description: 'One page of a list.' });
}

/** Read-only members a client may send back as it got them. `requireSameResource` says whether it did. */
const echoed = {
  id: z.unknown().optional().meta({ readOnly: true }),
  name: z.unknown().optional().meta({ readOnly: true }),
  type: z.unknown().optional().meta({ readOnly: true }),
  systemData: z.unknown().optional().meta({ readOnly: true }),
};
/** A PUT says it, a PATCH may repeat it. */
const echoedLocation = z.unknown().optional().meta({ readOnly: true });

/** What a PUT carries, after validation: everything a client may set, defaults filled in. */
export type PutBody<P extends z.ZodRawShape, T extends z.ZodRawShape> = z.infer<z.ZodObject<T>> &
  RepeatedMembers & {
    location: string;
    tags: Tags;
    properties: z.infer<z.ZodObject<P>> & { provisioningState?: string };
  };

/** What a PATCH carries, after validation: only what was sent. */
export type PatchBody<P extends z.ZodRawShape, T extends z.ZodRawShape> = {
  [K in keyof T]?: MergePatch<z.infer<T[K]>> | null;
} & RepeatedMembers & {
    tags?: Tags | null;
    properties?: MergePatch<z.infer<z.ZodObject<P>>>;
  };

/** The schema of a PUT of such a resource. Unknown members are dropped, read-only ones ignored. */
export function putBody<P extends z.ZodRawShape, R extends z.ZodRawShape, T extends z.ZodRawShape>(
  resource: ArmResource<P, R, T>,
): z.ZodType<PutBody<P, T>> {
  const needsProperties = !resource.properties.safeParse({}).success;
  const properties: z.ZodObject = z.object({
    ...resource.properties.shape,
    provisioningState: z.string().optional().meta({ readOnly: true }),
  });
  properties.register(echoedMembers, { names: Object.keys(resource.readOnly?.shape ?? {}) });
  return z
    .object({
      ...echoed,
      ...(resource.tracked && { location, tags: tags.nullish().transform((value) => value ?? {}) }),
      ...(resource.members as z.ZodRawShape | undefined),
      properties: needsProperties ? properties : properties.prefault({}),
    })
    .meta({ id: `${resource.title}Put` }) as unknown as z.ZodType<PutBody<P, T>>;
}

/**
 * The schema of a PATCH of such a resource: nothing required, no defaults. What a resource cannot be without has no null, which
 * would remove it (RFC 7396).
 */
export function patchBody<P extends z.ZodRawShape, R extends z.ZodRawShape, T extends z.ZodRawShape>(
  resource: ArmResource<P, R, T>,
  options: { omit?: readonly string[] } = {},
): z.ZodType<PatchBody<P, T>> {
  const patchable = Object.entries(resource.properties.shape).filter(([key]) => !options.omit?.includes(key));
  const members = Object.entries(resource.members ?? {}).filter(([key]) => !options.omit?.includes(key));
  const properties = patchOf(z.object(Object.fromEntries(patchable)));
  properties.register(echoedMembers, { names: ['provisioningState', ...Object.keys(resource.readOnly?.shape ?? {})] });
  return z
    .object({
      ...echoed,
      ...(resource.tracked && { location: echoedLocation, tags: tags.nullable().optional() }),
      ...Object.fromEntries(members.map(([key, member]) => [key, patchedMember(member as z.ZodType)])),
      properties: properties.nullable().optional(),
    })
    .meta({ id: `${resource.title}Patch` }) as unknown as z.ZodType<PatchBody<P, T>>;
}

/** `properties` after a patch (RFC 7396), validated as a whole again; faults name the member as the client knows it. */
export function patchedProperties<P extends z.ZodRawShape>(
  resource: Pick<ArmResource<P>, 'properties'>,
  current: unknown,
  patch: unknown,
): z.infer<z.ZodObject<P>> {
  return requireValid(resource.properties, mergePatch(current, patch ?? {}), ['properties']) as z.infer<z.ZodObject<P>>;
}

/** What `renderResource` puts around `properties`. */
export interface Envelope {
  id: string;
  name: string;
  location?: string;
  tags?: Tags;
  systemData?: SystemData;
  [member: string]: unknown;
}

/** A resource as it is answered, members in ARM's usual order. */
export function renderResource(resource: Pick<ResourceDefinition, 'type'>, envelope: Envelope, properties: Record<string, unknown>) {
  const { id, name, ...rest } = envelope;
  return { id, name, type: resource.type, ...rest, properties };
}
