import { z } from 'zod';

type Json = Record<string, unknown>;

/**
 * Turns Zod schemas into OpenAPI 3.1 schemas. A schema with an `id` becomes a component once, however often it is used. What
 * is sent and what is answered may differ (defaults): the sent form is then called `…Input`.
 */
export class SchemaConverter {
  readonly #components = new Map<string, string>();

  convert = (
    schema: unknown,
    { schemaType }: { schemaType: 'input' | 'output' },
  ): { schema: Json; components: Record<string, Json> } | undefined => {
    if (!(schema instanceof z.ZodType)) return undefined;
    const whole = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io: schemaType,
      unrepresentable: 'any',
      override: ({ jsonSchema }) => (schemaType === 'input' ? tellDefault : openUp)(jsonSchema as Json),
    }) as Json;
    const { $defs, $schema: _dialect, id, ...own } = nullsInline(whole) as Json;
    const parts: Record<string, Json> = { ...($defs as Record<string, Json> | undefined) };
    if (typeof id === 'string') parts[id] = own;
    const names = new Map(Object.keys(parts).map((name) => [name, this.#nameFor(name, parts[name]!, schemaType)]));
    const components: Record<string, Json> = {};
    for (const [name, part] of Object.entries(parts)) components[names.get(name)!] = renamed(withoutId(part), names) as Json;
    const root = typeof id === 'string' ? { $ref: `#/components/schemas/${names.get(id)!}` } : (renamed(own, names) as Json);
    return { schema: root, components };
  };

  #nameFor(name: string, part: Json, schemaType: 'input' | 'output'): string {
    const form = JSON.stringify(withoutId(part));
    for (const candidate of [name, schemaType === 'input' ? `${name}Input` : `${name}Output`]) {
      const known = this.#components.get(candidate);
      if (known === undefined) this.#components.set(candidate, form);
      if (known === undefined || known === form) return candidate;
    }
    throw new Error(`Two different schemas are called ${name}: every id in .meta({ id }) must be used once.`);
  }
}

// Zod closes answered objects; clients must expect members they do not know. What is answered has a value: a default says nothing.
function openUp(schema: Json): void {
  if (schema['additionalProperties'] === false) delete schema['additionalProperties'];
  delete schema['default'];
}

// Generators of clients take a member with a default for one that is always there, and would ask for it in every body.
function tellDefault(schema: Json): void {
  const value = schema['default'];
  delete schema['default'];
  if (value === undefined || typeof value === 'object') return;
  const description = schema['description'];
  schema['description'] = `${typeof description === 'string' ? `${description} ` : ''}Default: ${String(value)}.`;
}

/**
 * `anyOf: [{ type: 'object' }, { type: 'null' }]` is said as `type: ['object', 'null']`: generators of clients make a name of
 * its own for every anyOf.
 */
function nullsInline(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nullsInline);
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, nullsInline(inner)]));
  const { anyOf, ...rest } = schema as { anyOf?: Json[] };
  const [one, ...others] = anyOf?.filter(({ type }) => type !== 'null') ?? [];
  if (!one || others.length > 0 || anyOf!.length !== 2 || typeof one['type'] !== 'string') return schema;
  const values = one['enum'];
  return { ...one, ...rest, type: [one['type'], 'null'], ...(Array.isArray(values) && { enum: [...values, null] }) };
}

function withoutId(part: Json): Json {
  const { id: _id, ...rest } = part;
  return rest;
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const target = key === '$ref' && typeof item === 'string' ? item.replace('#/$defs/', '') : undefined;
      return target === undefined ? [key, renamed(item, names)] : [key, `#/components/schemas/${names.get(target) ?? target}`];
    }),
  );
}
