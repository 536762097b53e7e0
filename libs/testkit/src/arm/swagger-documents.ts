import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';

/** The parts of a Swagger 2.0 document that we read. */
export interface SwaggerDocument {
  info: { title: string; version: string };
  paths: Record<string, SwaggerPath>;
  definitions?: Record<string, SwaggerSchema>;
  parameters?: Record<string, SwaggerParameter>;
}

export type SwaggerPath = Record<string, unknown> & { parameters?: SwaggerParameter[] };

export interface SwaggerOperation {
  operationId: string;
  parameters?: SwaggerParameter[];
  responses: Record<string, SwaggerResponse>;
  'x-ms-long-running-operation'?: boolean;
  'x-ms-pageable'?: { nextLinkName: string | null };
}

export interface SwaggerResponse {
  schema?: SwaggerSchema;
  headers?: Record<string, SwaggerSchema>;
}

export interface SwaggerParameter extends Omit<SwaggerSchema, 'required'> {
  name: string;
  in: 'path' | 'query' | 'header' | 'body' | 'formData';
  required?: boolean;
  schema?: SwaggerSchema;
  'x-ms-skip-url-encoding'?: boolean;
}

export interface SwaggerSchema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  properties?: Record<string, SwaggerSchema>;
  required?: string[];
  allOf?: SwaggerSchema[];
  items?: SwaggerSchema;
  additionalProperties?: boolean | SwaggerSchema;
  discriminator?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  readOnly?: boolean;
  'x-nullable'?: boolean;
  'x-ms-secret'?: boolean;
  'x-ms-mutability'?: string[];
  'x-ms-discriminator-value'?: string;
}

/** Something found by a reference: the value, and the file and name it was found under. */
export interface Found<T> {
  file: string;
  name: string;
  value: T;
}

/** The documents of one folder, read once each; follows references from one to another. */
export class SwaggerDocuments {
  readonly #root: string;
  readonly #read = new Map<string, SwaggerDocument>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Every document that describes paths, by its path below the root. Examples and shared types are left out. */
  files(): string[] {
    return readdirSync(this.#root, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.json') && !file.includes(`examples${sep}`) && !file.includes('common-types'))
      .sort();
  }

  document(file: string): SwaggerDocument {
    let document = this.#read.get(file);
    if (!document) this.#read.set(file, (document = JSON.parse(readFileSync(join(this.#root, file), 'utf8')) as SwaggerDocument));
    return document;
  }

  /** Follows `#/definitions/X` or `../types.json#/definitions/X` seen in `file`. */
  follow<T>(file: string, ref: string): Found<T> {
    const [path = '', pointer = ''] = ref.split('#');
    const target = path === '' ? file : normalize(join(dirname(file), path));
    const steps = pointer
      .split('/')
      .slice(1)
      .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
    let value: unknown = this.document(target);
    for (const step of steps) value = (value as Record<string, unknown> | undefined)?.[step];
    if (value === undefined) throw new Error(`${file} refers to ${ref}, which is not there.`);
    return { file: target, name: steps.at(-1) ?? '', value: value as T };
  }
}
