type Json = Record<string, unknown>;

/**
 * The same API as an OpenAPI 3.0 document, for the many generators that read no 3.1. What 3.0 cannot say is said as nearly as it
 * can be (`nullable`, `enum` of one value), or left out where it only narrows (`propertyNames`).
 */
export function downConverted(document: object): Json {
  const schemas = ((document as Json)['components'] as { schemas?: Record<string, Json> } | undefined)?.schemas ?? {};
  const typeOf = (ref: unknown) => schemas[String(ref).split('/').at(-1)!]?.['type'];
  return { ...(new DownConversion(typeOf).of(document) as Json), openapi: '3.0.3' };
}

/** Keywords of JSON Schema 2020-12 that OpenAPI 3.0 does not have. */
const unknown = new Set(['propertyNames', 'patternProperties', 'unevaluatedProperties', 'contentEncoding', 'contentMediaType', '$schema']);

// Below these keys stand values of clients and names of theirs, not schemas.
const verbatim = new Set(['example', 'default', 'enum', 'value', 'security', 'scopes']);

/** One conversion; `typeOf` tells the type of a schema that is referred to. */
class DownConversion {
  readonly #typeOf: (ref: unknown) => unknown;

  constructor(typeOf: (ref: unknown) => unknown) {
    this.#typeOf = typeOf;
  }

  of(value: unknown, key = ''): unknown {
    if (verbatim.has(key)) return value;
    if (Array.isArray(value)) return value.map((item) => this.of(item));
    if (typeof value !== 'object' || value === null) return value;
    // Members of an object may be called like a keyword.
    if (key === 'properties') return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, this.of(schema)]));
    const converted: Json = {};
    for (const [name, inner] of Object.entries(value)) if (!unknown.has(name)) converted[name] = this.of(inner, name);
    return this.#nullable(single(converted));
  }

  /** A type `null`, alone or beside others, is `nullable`. */
  #nullable(schema: Json): Json {
    const { type, anyOf, ...rest } = schema;
    if (type === 'null') return { ...rest, type: 'object', nullable: true, enum: [null] };
    if (Array.isArray(type)) {
      const [only] = type.filter((one) => one !== 'null');
      return { ...rest, type: only, nullable: true };
    }
    if (!Array.isArray(anyOf)) return schema;
    const others = (anyOf as Json[]).filter((one) => JSON.stringify(one['enum']) !== '[null]');
    if (others.length === anyOf.length) return schema;
    const [one] = others;
    // Beside a $ref nothing else is read in 3.0: the reference goes into an allOf. `nullable` counts only beside a type.
    return others.length === 1
      ? { ...rest, type: this.#typeOf(one!['$ref']) ?? one!['type'], nullable: true, allOf: others }
      : { ...rest, nullable: true, anyOf: others };
  }
}

/** `const` is an enum of one value. */
function single(schema: Json): Json {
  if (!('const' in schema)) return schema;
  const { const: only, ...rest } = schema;
  return { ...rest, enum: [only] };
}
