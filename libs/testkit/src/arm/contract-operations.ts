import type { SwaggerDocuments, SwaggerOperation, SwaggerParameter, SwaggerPath } from './swagger-documents.js';

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head'] as const;

/** One operation of one published document. */
export interface ContractOperation {
  file: string;
  version: string;
  template: string;
  method: string;
  operation: SwaggerOperation;
  parameters: SwaggerParameter[];
  /** Matches a path and captures its parameters in the order of `names`. */
  pattern: RegExp;
  names: string[];
  /** Characters of the template that are fixed: the more there are, the closer the match. */
  fixed: number;
}

/** An operation, what the path said, and whether the version asked for has a document of its own. */
export interface OperationMatch {
  found: ContractOperation;
  pathParameters: Record<string, string>;
  published: boolean;
}

/** Every operation of every document, found by method, path and api-version. */
export class ContractOperations {
  readonly #all: ContractOperation[] = [];

  constructor(documents: SwaggerDocuments) {
    for (const file of documents.files()) {
      const { info, paths } = documents.document(file);
      if (!/resource-manager/.test(file)) continue;
      for (const [template, path] of Object.entries(paths)) {
        for (const method of methods) {
          const operation = path[method] as SwaggerOperation | undefined;
          if (operation)
            this.#all.push({
              file,
              version: info.version,
              template,
              method,
              operation,
              ...read(documents, file, template, path, operation),
            });
        }
      }
    }
  }

  get all(): readonly ContractOperation[] {
    return this.#all;
  }

  /** The closest operation: of the document with this api-version, else of the published version nearest to it. */
  find(method: string, path: string, version: string): OperationMatch | null {
    // What ARM would do with a resource it knows nothing of says nothing about ours, except whether it exists.
    const ours = method !== 'HEAD' && /\/providers\/microsoft\.containerregistry\/(?!(un)?register\/?$|.*\/providers\/)/i.test(path);
    const matching = this.#all.filter(
      (one) =>
        one.method === method.toLowerCase() && one.pattern.test(path) && (!ours || one.template.includes('Microsoft.ContainerRegistry')),
    );
    const closest = Math.max(...matching.map((one) => one.fixed));
    const sameShape = matching.filter((one) => one.fixed === closest);
    const exact = sameShape.find((one) => one.version === version);
    const found = exact ?? sameShape.sort((a, b) => distance(a.version, version) - distance(b.version, version))[0];
    if (!found) return null;
    const values = found.pattern.exec(path)!.slice(1);
    const pathParameters = Object.fromEntries(found.names.map((name, index) => [name, decodeURIComponent(values[index]!)]));
    return { found, pathParameters, published: exact !== undefined };
  }
}

function read(documents: SwaggerDocuments, file: string, template: string, path: SwaggerPath, operation: SwaggerOperation) {
  const parameters = [...(path.parameters ?? []), ...(operation.parameters ?? [])].map((parameter) =>
    parameter.$ref === undefined ? parameter : documents.follow<SwaggerParameter>(file, parameter.$ref).value,
  );
  const names: string[] = [];
  const source = template.replace(/\/$/, '').replaceAll(/[.*+?^$()|[\]\\]|\{(\w+)\}/g, (text, name: string | undefined) => {
    if (name === undefined) return `\\${text}`;
    names.push(name);
    const spans = parameters.find((one) => one.name === name)?.['x-ms-skip-url-encoding'] === true;
    return spans ? '(.+)' : '([^/]+)';
  });
  const fixed = template.replaceAll(/\{\w+\}/g, '').length;
  return { parameters, names, pattern: new RegExp(`^${source}/?$`, 'i'), fixed };
}

/** Days between two versions; a version after ours is a little farther, so that the newest older one wins a tie. */
function distance(version: string, wanted: string): number {
  const days = (text: string) => Date.parse(text.slice(0, 10)) / 86_400_000;
  const ahead = days(version) - days(wanted);
  return ahead >= 0 ? ahead + 0.5 : -ahead;
}
