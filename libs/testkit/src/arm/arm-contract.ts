import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { ContractOperations, type OperationMatch } from './contract-operations.js';
import type { Contract } from './contract.js';
import type { Exchange } from './exchange.js';
import { JsonSchemas, type Reading } from './json-schemas.js';
import { pageViolations, protocolViolations } from './protocol-rules.js';
import { specFolder } from './spec-folder.js';
import { SwaggerDocuments, type SwaggerParameter, type SwaggerSchema } from './swagger-documents.js';

interface Kit {
  ajv: Ajv;
  schemas: JsonSchemas;
  /** Ids of the schemas Ajv has. */
  added: Set<string>;
}

const commonTypes = join('common-types', 'resource-management', 'v6', 'types.json');

/**
 * The published API of ARM and of ACR, and a judge of what was said over the wire. Says every way in which an exchange
 * breaks it: undeclared statuses, unknown, missing or mistyped properties, secrets given away, LRO headers, paging, error bodies.
 */
export class ArmContract implements Contract {
  readonly name = 'the published contract';
  readonly operations: ContractOperations;
  readonly #documents: SwaggerDocuments;
  readonly #compiled = new Map<string, ValidateFunction>();
  readonly #kits = new Map<string, Kit>();

  /** The contract, or null where the published documents are not at hand. */
  static load(folder: string | null = specFolder()): ArmContract | null {
    return folder === null ? null : new ArmContract(join(folder, 'specification'));
  }

  constructor(root: string) {
    this.#documents = new SwaggerDocuments(root);
    this.operations = new ContractOperations(this.#documents);
  }

  /** Every violation, each in one sentence; none when the exchange is as published. */
  violations(exchange: Exchange): string[] {
    const { pathname, searchParams } = new URL(exchange.url);
    const body = parse(exchange.body);
    if (body === undefined && exchange.body !== '') return [`the body of ${exchange.status} is no JSON: ${exchange.body.slice(0, 200)}`];
    const found = [...protocolViolations(exchange, body)];
    if (exchange.status >= 400) return [...found, ...this.#error(exchange, body)];
    // RFC 9110, 15.4.5: the answer to a condition the client set; it is declared nowhere and has no body.
    if (exchange.status === 304 && exchange.method === 'GET') return found;
    if (/\/operationstatuses\/[^/]+$/i.test(pathname)) return [...found, ...this.#operationStatus(exchange, body)];
    if (/\/operationresults\/[^/]+$/i.test(pathname)) return found;
    // RFC 9110, 9.3.2: what answers GET answers HEAD as well, also where only GET is published.
    if (exchange.method === 'HEAD' && exchange.status === 200) return found;
    const match = this.operations.find(exchange.method, pathname, searchParams.get('api-version') ?? '');
    if (!match) return [...found, `no published operation is ${exchange.method} ${pathname}, but it was answered with ${exchange.status}`];
    return [
      ...found,
      ...(exchange.invalidRequest ? [] : this.#request(exchange, match, searchParams)),
      ...this.#response(exchange, match, body),
    ];
  }

  #error(exchange: Exchange, body: unknown): string[] {
    if (exchange.method === 'HEAD') return [];
    return this.#judge(commonTypes, { $ref: '#/definitions/ErrorResponse' }, 'response', false, body, `body of ${exchange.status}`);
  }

  #operationStatus(exchange: Exchange, body: unknown): string[] {
    // ACR lets deletions be waited for at this address too: then it answers as a Location does.
    if ((exchange.status === 202 || exchange.status === 204) && exchange.body === '') return [];
    if (exchange.status !== 200) return [`an operation status is answered with 200, not with ${exchange.status}`];
    return this.#judge(commonTypes, { $ref: '#/definitions/OperationStatusResult' }, 'response', false, body, 'operation status');
  }

  /** What the server accepted must have been valid: the test sent nonsense and nobody noticed, or we are too lenient. */
  #request(exchange: Exchange, { found, pathParameters, published }: OperationMatch, query: URLSearchParams): string[] {
    const said: string[] = [];
    for (const parameter of found.parameters) {
      const where = `${parameter.in} parameter ${parameter.name}`;
      if (parameter.in === 'path')
        said.push(...this.#judge(found.file, plain(parameter), 'request', false, pathParameters[parameter.name], where));
      if (parameter.in === 'query') {
        const text = query.get(parameter.name);
        if (text === null && parameter.required) said.push(`${where} is required, but the request was accepted without it`);
        if (text !== null) said.push(...this.#judge(found.file, plain(parameter), 'request', false, typed(parameter, text), where));
      }
      if (parameter.in === 'body') {
        const absent = exchange.requestBody === undefined;
        if (absent && parameter.required) said.push('a body is required, but the request was accepted without it');
        if (!absent)
          said.push(...this.#judge(found.file, parameter.schema!, 'request', !published, exchange.requestBody, 'accepted request body'));
      }
    }
    const known = new Set(found.parameters.filter((one) => one.in === 'query').map((one) => one.name));
    for (const name of query.keys()) {
      // Paging tokens are ours: the specification says only that nextLink is to be followed.
      if (!known.has(name) && name !== '$skipToken')
        said.push(`query parameter ${name} is not published for ${found.operation.operationId}`);
    }
    return said;
  }

  #response(exchange: Exchange, { found, published }: OperationMatch, body: unknown): string[] {
    const { operation } = found;
    const { status } = exchange;
    const response = operation.responses[String(status)];
    if (!response)
      return [`${operation.operationId} does not declare ${status} (declared: ${Object.keys(operation.responses).join(', ')})`];
    const said: string[] = [];
    if (status === 202 && !operation['x-ms-long-running-operation'])
      said.push(`${operation.operationId} is no long-running operation, but was answered with 202`);
    for (const [name, schema] of Object.entries(response.headers ?? {})) {
      const value = exchange.headers[name.toLowerCase()];
      if (value !== undefined) said.push(...this.#judge(found.file, schema, 'response', false, typed(schema, value), `header ${name}`));
    }
    if (!response.schema) {
      if (exchange.body !== '' && status !== 200) said.push(`${operation.operationId} declares no body for ${status}, but there is one`);
      return said;
    }
    if (exchange.body === '') return [...said, `${operation.operationId} declares a body for ${status}, but there is none`];
    const reading: Reading = found.method === 'post' ? 'action-response' : 'response';
    said.push(...this.#judge(found.file, response.schema, reading, !published, body, `${operation.operationId} ${status}`));
    if (operation['x-ms-pageable']) said.push(...pageViolations(body, operation['x-ms-pageable'].nextLinkName));
    return said;
  }

  #judge(file: string, schema: SwaggerSchema, reading: Reading, additions: boolean, value: unknown, where: string): string[] {
    const validate = this.#validator(file, schema, reading, additions);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const more =
        'additionalProperty' in params
          ? ` (${params['additionalProperty']})`
          : 'allowedValues' in params
            ? ` (${params['allowedValues']})`
            : '';
      return `${where}${instancePath}: ${message}${more}`;
    });
  }

  #validator(file: string, schema: SwaggerSchema, reading: Reading, additions: boolean): ValidateFunction {
    const key = `${reading}|${additions}|${file}|${JSON.stringify(schema)}`;
    let validate = this.#compiled.get(key);
    if (!validate) {
      const { ajv, schemas, added } = this.#kit(reading, additions);
      const json = schemas.of(file, schema);
      for (const [id, made] of schemas.made) {
        if (added.has(id)) continue;
        ajv.addSchema(made, id);
        added.add(id);
      }
      this.#compiled.set(key, (validate = ajv.compile(json)));
    }
    return validate;
  }

  #kit(reading: Reading, additions: boolean): Kit {
    const key = `${reading}|${additions}`;
    let kit = this.#kits.get(key);
    if (!kit) {
      const ajv = new Ajv({ allErrors: true, strict: false });
      formats.default(ajv);
      ajv.addFormat('arm-id', /^\/[^\s]+$/);
      this.#kits.set(key, (kit = { ajv, schemas: new JsonSchemas(this.#documents, { reading, additions }), added: new Set() }));
    }
    return kit;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A parameter's own schema: its type and limits. */
function plain({ type, format, enum: values, pattern, minLength, maxLength, minimum, maximum }: SwaggerParameter): SwaggerSchema {
  return JSON.parse(JSON.stringify({ type, format, enum: values, pattern, minLength, maxLength, minimum, maximum })) as SwaggerSchema;
}

/** Queries and headers carry text: a number is a number when the whole text is one. */
function typed(schema: Pick<SwaggerSchema, 'type'>, text: string): unknown {
  if ((schema.type === 'integer' || schema.type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (schema.type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}
