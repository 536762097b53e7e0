import type { OpenAPIObject } from '@nestjs/swagger';
import { errorsOf } from './error-responses.js';
import { examples } from './examples.js';
import { pathParametersOf } from './path-parameters.js';
import type { Place } from './place.js';

const methods = ['get', 'put', 'post', 'patch', 'delete', 'head', 'options'] as const;

/** What has an ETag: its reads and writes may say which version they mean. */
const versioned = /^\/subscriptions\/.*\/(resourcegroups\/\{resourceGroupName\}|registries\/\{registryName\})$/i;

/** Adds to every operation what follows from its path and method: parameters, conditions, errors, examples. */
export function completeOperations(document: OpenAPIObject, place: Place): void {
  for (const [path, item] of Object.entries(document.paths)) {
    const pathParameters = pathParametersOf(place, path);
    const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name!);
    for (const method of methods) {
      const operation = item[method];
      if (!operation) continue;
      const others = (operation.parameters ?? []).filter((parameter) => !('in' in parameter && parameter.in === 'path'));
      const conditions = versioned.test(path) ? (conditionsOf[method] ?? []) : [];
      const inPath = names.map((name) => ({ name, in: 'path' as const, required: true, ...(pathParameters[name] ?? { schema: text }) }));
      operation.parameters = [...inPath, ...others.map((one) => withSubscription(one, place)), ...conditions];
      const failures = errorsOf(method, { path, hasBody: operation.requestBody !== undefined, hasConditions: conditions.length > 0 });
      operation.responses = { ...failures, ...etagged(operation.responses, method, conditions.length > 0) };
      addExamples(operation, place);
    }
  }
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Parameter = NonNullable<Operation['parameters']>[number];

const text = { type: 'string' };
const condition = (name: string, description: string): Parameter => ({ name, in: 'header', required: false, description, schema: text });
const isMatch = condition('If-Match', 'Only if the ETag is still this one; * for any.');
const isNew = condition('If-None-Match', '*: only if there is none yet.');
const isChanged = condition('If-None-Match', 'Only if the ETag is another one: 304 if it is not.');
const conditionsOf: Record<string, Parameter[]> = { get: [isChanged], put: [isMatch, isNew], patch: [isMatch], delete: [isMatch] };

const etag = { ETag: { description: 'The version of the resource, for If-Match and If-None-Match.', schema: text } };

/** The answers of an operation on a resource with an ETag. */
function etagged(responses: Operation['responses'], method: string, hasConditions: boolean): Operation['responses'] {
  if (!hasConditions || method === 'delete') return responses;
  const shown = Object.entries(responses).map(([status, response]) => {
    if (!status.startsWith('2') || !response || '$ref' in response) return [status, response];
    return [status, { ...response, headers: { ...response.headers, ...etag } }];
  });
  return { ...Object.fromEntries(shown), ...(method === 'get' && { 304: { description: 'It is still the version the caller has.' } }) };
}

/** A query may name a subscription too. */
function withSubscription(parameter: Parameter, { subscriptionId }: Place): Parameter {
  if (!('name' in parameter) || parameter.name !== 'subscriptionId') return parameter;
  return { ...parameter, schema: { ...parameter.schema, default: subscriptionId } };
}

function addExamples(operation: Operation, place: Place): void {
  const body = operation.requestBody;
  if (!body || '$ref' in body) return;
  const named = examples[operation.operationId ?? '']?.(place);
  for (const content of Object.values(body.content)) if (named) content.examples = named;
}
