import { documentedAdditions, protocolAdditions, protocolOptional } from './documented-additions.js';
import type { SwaggerDocuments, SwaggerSchema } from './swagger-documents.js';

/** How a schema is read: what a client may send, what PUT, PATCH and GET may answer, what a POST may answer. */
export type Reading = 'request' | 'response' | 'action-response';

export interface SchemaOptions {
  reading: Reading;
  /** The api-version has no document of its own: what is documented in words is allowed as well. */
  additions: boolean;
}

type JsonSchema = Record<string, unknown>;

const copied = ['type', 'format', 'enum', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'] as const;

/**
 * Turns Swagger 2.0 schemas into JSON Schema that says what they mean on the wire: `allOf` is flattened so that unknown
 * properties can be told from inherited ones, `discriminator` picks the subtype, read-only and write-only are enforced.
 */
export class JsonSchemas {
  readonly #documents: SwaggerDocuments;
  readonly #options: SchemaOptions;
  /** By `$id`; Ajv resolves references among them. */
  readonly made = new Map<string, JsonSchema>();

  constructor(documents: SwaggerDocuments, options: SchemaOptions) {
    this.#documents = documents;
    this.#options = options;
  }

  /** The schema for `schema` as found in `file`, and everything it refers to in `made`. */
  of(file: string, schema: SwaggerSchema): JsonSchema {
    if (schema.$ref !== undefined) return { $ref: this.#reference(file, schema.$ref) };
    return this.#convert(file, schema, undefined);
  }

  #reference(file: string, ref: string): string {
    const found = this.#documents.follow<SwaggerSchema>(file, ref);
    const { reading, additions } = this.#options;
    const id = `arm://${reading}${additions ? '+' : ''}/${found.file.replaceAll('\\', '/')}/${found.name}`;
    if (!this.made.has(id)) {
      const schema: JsonSchema = { $id: id };
      this.made.set(id, schema); // Before converting: definitions may refer to themselves.
      Object.assign(schema, this.#convert(found.file, found.value, found.name));
    }
    return id;
  }

  #convert(file: string, schema: SwaggerSchema, name: string | undefined): JsonSchema {
    if (schema.$ref !== undefined) return { $ref: this.#reference(file, schema.$ref) };
    if (schema.discriminator !== undefined && name !== undefined) {
      const subtypes = this.#subtypes(file, schema, name);
      if (subtypes) return subtypes;
    }
    if (schema.properties || schema.allOf || schema.additionalProperties !== undefined) return this.#object(file, schema, name);
    const result: JsonSchema = {};
    for (const key of copied) if (schema[key] !== undefined) result[key] = schema[key];
    if (schema.items) result['items'] = this.of(file, schema.items);
    return schema['x-nullable'] ? { anyOf: [{ type: 'null' }, result] } : result;
  }

  #object(file: string, schema: SwaggerSchema, name: string | undefined): JsonSchema {
    const flat = this.#flatten(file, schema, name);
    const result: JsonSchema = { type: 'object', properties: flat.properties };
    if (flat.required.size > 0) result['required'] = [...flat.required];
    if (flat.additional !== undefined) result['additionalProperties'] = flat.additional;
    else if (this.#options.reading !== 'request' && Object.keys(flat.properties).length > 0) result['additionalProperties'] = false;
    return schema['x-nullable'] ? { anyOf: [{ type: 'null' }, result] } : result;
  }

  /** Own and inherited properties in one list. */
  #flatten(
    file: string,
    schema: SwaggerSchema,
    name: string | undefined,
  ): { properties: JsonSchema; required: Set<string>; additional?: unknown } {
    const properties: JsonSchema = {};
    const required = new Set<string>();
    let additional: unknown;
    for (const parent of schema.allOf ?? []) {
      const found =
        parent.$ref === undefined ? { file, value: parent, name: undefined } : this.#documents.follow<SwaggerSchema>(file, parent.$ref);
      const flat = this.#flatten(found.file, found.value, found.name);
      Object.assign(properties, flat.properties);
      for (const key of flat.required) required.add(key);
      additional ??= flat.additional;
    }
    const own = { ...schema.properties, ...this.#additions(name) };
    for (const [key, property] of Object.entries(own)) properties[key] = this.#property(file, property);
    for (const key of schema.required ?? []) {
      // In a request the server fills in what is read-only.
      if (this.#options.reading === 'request' && own[key]?.readOnly) continue;
      if (name !== undefined && protocolOptional[name]?.includes(key)) continue;
      required.add(key);
    }
    if (schema.additionalProperties === true) additional = true;
    else if (typeof schema.additionalProperties === 'object') additional = this.of(file, schema.additionalProperties);
    else if (schema.additionalProperties === false) additional = false;
    return { properties, required, additional };
  }

  #property(file: string, property: SwaggerSchema): JsonSchema {
    const secret = property['x-ms-secret'] === true;
    const mutability = property['x-ms-mutability'];
    // A secret, or what may be written only, never comes back but from an action that lists secrets.
    if (this.#options.reading === 'response' && (secret || (mutability && !mutability.includes('read')))) return { not: {} };
    return this.of(file, property);
  }

  #additions(name: string | undefined): Record<string, SwaggerSchema> {
    if (name === undefined) return {};
    return { ...protocolAdditions[name], ...(this.#options.additions ? documentedAdditions[name] : undefined) };
  }

  /** The definitions that extend a discriminated one, each told by the value of the discriminator. */
  #subtypes(file: string, schema: SwaggerSchema, name: string): JsonSchema | null {
    const key = schema.discriminator!;
    const cases: JsonSchema[] = [];
    const values: string[] = [];
    for (const [childName, child] of Object.entries(this.#documents.document(file).definitions ?? {})) {
      if (!child.allOf?.some((parent) => parent.$ref === `#/definitions/${name}`)) continue;
      const value = child['x-ms-discriminator-value'] ?? childName;
      values.push(value);
      cases.push({ if: { properties: { [key]: { const: value } } }, then: { $ref: this.#reference(file, `#/definitions/${childName}`) } });
    }
    if (cases.length === 0) return null;
    return { type: 'object', required: [key], properties: { [key]: { enum: values } }, allOf: cases };
  }
}
