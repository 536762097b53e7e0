import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Contract } from './contract.js';
import type { Exchange } from './exchange.js';

type Json = Record<string, any>;

interface Operation {
  /** JSON pointer of the operation. */
  pointer: string;
  method: string;
  /** Matches a path and captures its parameters in the order of `names`. */
  pattern: RegExp;
  names: string[];
  /** Characters of the template that are fixed: the more there are, the closer the match. */
  fixed: number;
  declared: Json;
}

const methods = ['get', 'put', 'post', 'patch', 'delete', 'head'];

/**
 * An OpenAPI 3.1 document, and a judge of what was said over the wire. An answer must have a documented status and hold
 * what its schema says and nothing else; a request that was accepted must have been valid.
 */
export class OpenApiContract implements Contract {
  readonly name = 'our own OpenAPI document';
  readonly #document: Json;
  readonly #operations: Operation[];
  readonly #open = newAjv();
  readonly #closed = newAjv();
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: object) {
    this.#document = document as Json;
    this.#operations = operationsOf(this.#document);
    this.#open.addSchema(this.#document, 'api');
    this.#closed.addSchema(closed(this.#document) as Json, 'api');
  }

  violations(exchange: Exchange): string[] {
    const { pathname, searchParams } = new URL(exchange.url);
    const found = this.#find(exchange.method.toLowerCase(), pathname);
    if (!found) return exchange.status < 400 ? [`${exchange.method} ${pathname} is not documented, but was answered`] : [];
    const said = this.#answer(exchange, found);
    if (exchange.status < 300 && !exchange.invalidRequest) said.push(...this.#request(exchange, found, pathname, searchParams));
    return said;
  }

  /** The closest operation. HEAD is the GET without its body where it is not documented by itself. */
  #find(method: string, path: string): Operation | undefined {
    const of = (wanted: string) =>
      this.#operations.filter((one) => one.method === wanted && one.pattern.test(path)).sort((a, b) => b.fixed - a.fixed)[0];
    return of(method) ?? (method === 'head' ? of('get') : undefined);
  }

  #answer({ method, status, body }: Exchange, { pointer, declared }: Operation): string[] {
    const { operationId, responses } = declared;
    if (responses[status] === undefined && status !== 500) {
      return [`${operationId} does not document the status ${status} (documented: ${Object.keys(responses).join(', ')})`];
    }
    let at = responses[status] === undefined ? `${pointer}/responses/default` : `${pointer}/responses/${status}`;
    let response: Json = responses[status] ?? responses.default;
    if (typeof response.$ref === 'string') {
      at = response.$ref;
      response = this.#document['components'].responses[at.split('/').at(-1)!];
    }
    if (method === 'HEAD') return [];
    const schema = response['content']?.['application/json']?.schema;
    // What is promised nothing of may have a body at 200 (the result of an operation), as in ARM.
    if (schema === undefined)
      return body === '' || status === 200 ? [] : [`${operationId} documents no body for ${status}, but there is one`];
    if (body === '') return [`${operationId} documents a body for ${status}, but there is none`];
    return this.#judge(this.#closed, `${at}/content/application~1json/schema`, parsed(body), `answer ${status}`);
  }

  #request(exchange: Exchange, { pointer, declared, pattern, names }: Operation, path: string, query: URLSearchParams): string[] {
    const said: string[] = [];
    const inPath = pattern.exec(path)!.slice(1);
    const parameters: Json[] = declared['parameters'] ?? [];
    for (const [index, parameter] of parameters.entries()) {
      const where = `${parameter['in']} parameter ${parameter['name']}`;
      const text =
        parameter['in'] === 'path'
          ? decodeURIComponent(inPath[names.indexOf(parameter['name'])] ?? '')
          : parameter['in'] === 'query'
            ? [...query].find(([name]) => name.toLowerCase() === parameter['name'].toLowerCase())?.[1]
            : undefined;
      if (text === undefined) {
        if (parameter['in'] === 'query' && parameter['required']) said.push(`${where} is required, but was not needed`);
        continue;
      }
      const number = parameter['schema']?.type === 'integer' && /^-?\d+$/.test(text);
      said.push(...this.#judge(this.#open, `${pointer}/parameters/${index}/schema`, number ? Number(text) : text, where));
    }
    const known = new Set(parameters.filter((one) => one['in'] === 'query').map((one) => String(one['name']).toLowerCase()));
    for (const name of query.keys()) if (!known.has(name.toLowerCase())) said.push(`query parameter ${name} is not documented`);
    if (exchange.requestBody === undefined || declared['requestBody'] === undefined) return said;
    const body = `${pointer}/requestBody/content/application~1json/schema`;
    return [...said, ...this.#judge(this.#open, body, exchange.requestBody, 'accepted request body')];
  }

  #judge(ajv: Ajv2020, pointer: string, value: unknown, where: string): string[] {
    const key = `${ajv === this.#closed ? 'closed' : 'open'}${pointer}`;
    let validate = this.#validators.get(key);
    if (!validate) this.#validators.set(key, (validate = ajv.compile({ $ref: `api${pointer}` })));
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${where}${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
  }
}

function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateSchema: false, unicodeRegExp: false });
  formats.default(ajv);
  return ajv;
}

function operationsOf(document: Json): Operation[] {
  return Object.entries(document['paths'] as Json).flatMap(([template, item]) =>
    methods
      .filter((method) => item[method] !== undefined)
      .map((method) => {
        const names: string[] = [];
        const source = template.replaceAll(/[.*+?^$()|[\]\\]|\{(\w+)\}/g, (text, name: string | undefined) => {
          if (name === undefined) return `\\${text}`;
          names.push(name);
          return '([^/]+)';
        });
        return {
          pointer: `#/paths/${template.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method}`,
          method,
          pattern: new RegExp(`^${source}/?$`, 'i'),
          names,
          fixed: template.replaceAll(/\{\w+\}/g, '').length,
          declared: item[method] as Json,
        };
      }),
  );
}

/** The same schemas, in which an object has no members but those it names. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]));
  const isOpenObject = copy['type'] === 'object' && copy['properties'] !== undefined && copy['additionalProperties'] === undefined;
  return isOpenObject ? { ...copy, additionalProperties: false } : copy;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
