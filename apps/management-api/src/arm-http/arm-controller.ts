import { applyDecorators, Controller, SetMetadata } from '@nestjs/common';
import { ApiDefaultResponse, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { apiVersions, errorResponse, pageLimits, usualVersion, type ApiArea } from '#lib/arm';
import type { Tag } from '../openapi/tags.js';
import { Requires } from './access.js';

/** What every route of an ARM controller shares. */
export interface ArmRoutes {
  /** Which api-versions are accepted. */
  area: ApiArea;
  /** Resource type without provider, as the message of an unknown version names it. */
  type: string;
  /** Heading in the documentation. */
  tag: Tag;
  /** Path below the root; parameters are named as in the published specification (`:subscriptionId`, `:resourceGroupName`). */
  path: string;
  /**
   * Whether a resource group named in the URL must exist (ARM answers 404 before the resource provider is asked). Off for
   * resource groups themselves, and for operations, which outlive what they are about.
   */
  needsGroup?: boolean;
}

/** Metadata key of `ArmRoutes`. */
export const armRoutes = Symbol('arm routes');

/** A controller of ARM resources: api-version checked, subscription and resource group looked up, errors in ARM's form. */
export const ArmController = (routes: ArmRoutes) =>
  applyDecorators(Controller(routes.path), SetMetadata(armRoutes, routes), ApiTags(routes.tag), versionQuery(routes.area));

const versionQuery = (area: ApiArea) =>
  ApiQuery({
    name: 'api-version',
    required: true,
    description: 'The version of the API the request is written for.',
    schema: { type: 'string', enum: [...apiVersions[area]].sort(), default: usualVersion(area) },
  });

/** What a verb promises: its name in the specification, the right it needs, and every answer it may give. */
export interface VerbDescription {
  /** `operationId` of the published specification where there is one, e.g. `Registries_Get`. */
  id: string;
  summary: string;
  /** What one should know before calling it. */
  description: string;
  /** A list that is given page by page. */
  paged?: boolean;
  /** The action the caller needs (`@Requires`); absent where the method carries another rule of access. */
  action?: string;
  /** Success status → schema of the body, or null for none. */
  answers: { [status: number]: z.ZodType | null };
  /** A write that goes on after the reply. */
  longRunning?: boolean;
}

const phrases: Record<number, string> = {
  200: 'The request has succeeded.',
  201: 'The resource has been created.',
  202: 'The request is accepted and under way: follow Location or Azure-AsyncOperation.',
  204: 'There is nothing there (any more).',
};
const link = { schema: { type: 'string', format: 'uri' } };
const seconds = { schema: { type: 'integer' } };

/** How large a page may be. */
export const topQuery = {
  name: '$top',
  required: false,
  description: `How many items a page holds at most. More than ${pageLimits.most} are never given.`,
  schema: { type: 'integer', minimum: 1, maximum: 999_999_999, default: pageLimits.usual },
} as const;
const skipTokenQuery = {
  name: '$skipToken',
  required: false,
  description: 'Where the page begins. Do not make one: follow nextLink as it is.',
  schema: { type: 'string', maxLength: 2048 },
} as const;

/** A `$filter` of comparisons; `pattern` is what is understood, `description` says it in words. An empty one keeps everything. */
export const FilterQuery = (description: string, pattern: string) =>
  ApiQuery({ name: '$filter', required: false, description, schema: { type: 'string', maxLength: 1024, pattern: `^(${pattern})?$` } });

/** Describes one verb for the guard and for the OpenAPI document. */
export const Verb = ({ id, summary, description, paged, action, answers, longRunning }: VerbDescription) =>
  applyDecorators(
    ApiOperation({ operationId: id, summary, description, ...(longRunning && { 'x-ms-long-running-operation': true }) } as object),
    ...(paged ? [ApiQuery(topQuery), ApiQuery(skipTokenQuery)] : []),
    ...(action === undefined ? [] : [Requires(action)]),
    ...Object.entries(answers).map(([status, schema]) =>
      ApiResponse({
        status: Number(status),
        description: phrases[Number(status)] ?? 'Done.',
        ...(schema && { standardSchema: schema }),
        ...(longRunning && { headers: longRunningHeaders(Number(status)) }),
      } as object),
    ),
    ApiDefaultResponse({ description: 'It did not succeed: error.code says why.', standardSchema: errorResponse } as object),
  );

function longRunningHeaders(status: number) {
  if (status === 202) {
    return {
      Location: { description: 'Answers 202 until the operation has ended.', ...link },
      'Azure-AsyncOperation': { description: 'Where the operation stands.', ...link },
      'Retry-After': { description: 'Seconds to wait before asking.', ...seconds },
    };
  }
  if (status === 204) return {};
  return { 'Azure-AsyncOperation': { description: 'Where the operation stands; absent when there is nothing to wait for.', ...link } };
}
