import { z } from 'zod';
import type { Fault, FaultCode } from '#lib/domain';

/** How a fault looks on the ARM wire: status, and the code if it is another word there. */
export interface ArmFaultRow {
  status: number;
  code?: string;
  /** ACR answers it with `"status": "Failed"` beside the error, and names no target. */
  isAcrs?: true;
}

const row = (status: number, code?: string): ArmFaultRow => ({ status, ...(code !== undefined && { code }) });
// Codes of the data plane never reach this protocol; if one does, somebody forgot to translate it.
const foreign = row(500, 'InternalServerError');

/** Every fault there is, as ARM says it (acr-control-plane §2.7, §3; ARM RPC common-api-details). */
export const armFaults: Readonly<Record<FaultCode, ArmFaultRow>> = {
  Internal: row(500, 'InternalServerError'),
  ServiceUnavailable: row(503, 'ServerUnavailable'),
  TooManyRequests: row(429),
  RequestTimeout: row(408),
  ClientGone: row(499, 'ClientClosedRequest'),
  InvalidToken: row(401, 'InvalidAuthenticationToken'),
  Forbidden: row(403, 'AuthorizationFailed'),

  MissingApiVersionParameter: row(400),
  NoRegisteredProviderFound: row(400),
  InvalidApiVersionParameter: row(400),
  InvalidRequestContent: row(400),
  InvalidParameter: row(400),
  InvalidResourceName: row(400),
  InvalidResourceGroupName: row(400, 'InvalidResourceGroup'),
  InvalidResourceType: row(404),
  InvalidSubscriptionId: row(400),
  InvalidFilter: row(400, 'InvalidFilterInQueryString'),
  InvalidSkipToken: row(400),
  InvalidTag: row(400, 'InvalidTagName'),
  UnsupportedMediaType: row(415),
  RequestTooLarge: row(413, 'RequestEntityTooLarge'),
  MethodNotAllowed: row(405, 'HttpMethodNotSupported'),
  RouteNotFound: row(404, 'InvalidResourceType'),
  AuthenticationFailed: row(401),
  AuthorizationFailed: row(403),
  PreconditionFailed: row(412),
  Conflict: row(409),

  SubscriptionNotFound: row(404),
  ResourceGroupNotFound: row(404),
  ResourceNotFound: row(404),
  OperationNotFound: row(404),
  ProviderNotFound: row(404, 'InvalidResourceNamespace'),
  LocationRequired: row(400),
  LocationNotAvailable: row(400, 'LocationNotAvailableForResourceType'),
  LocationImmutable: row(409, 'InvalidResourceLocation'),
  ResourceGroupLocationNotAvailable: row(400, 'LocationNotAvailableForResourceGroup'),
  ResourceGroupLocationImmutable: row(409, 'InvalidResourceGroupLocation'),
  PropertyImmutable: row(409, 'PropertyChangeNotAllowed'),
  RegistryNameAlreadyInUse: { status: 409, isAcrs: true },
  RegistryBusy: row(409, 'RegistryOperationInProgress'),
  AdminUserDisabled: row(400, 'UnAuthorizedForCredentialOperations'),
  SkuNotSupported: row(400),
  SkuFeatureNotAvailable: row(409, 'SkuNotSupported'),
  SkuLimitReached: row(409),
  SkuDowngradeBlocked: row(409),
  ResourceGroupBeingDeleted: row(409),
  PrincipalNotFound: row(404),
  PrincipalDoesNotExist: row(400, 'PrincipalNotFound'),
  RoleAssignmentNotFound: row(404),
  RoleAssignmentExists: row(409),
  RoleAssignmentUpdateNotPermitted: row(400),
  RoleDefinitionNotFound: row(404, 'RoleDefinitionDoesNotExist'),

  Unauthorized: foreign,
  Denied: foreign,
  NameInvalid: foreign,
  NameUnknown: foreign,
  TagInvalid: foreign,
  DigestInvalid: foreign,
  BlobUnknown: foreign,
  BlobUploadInvalid: foreign,
  BlobUploadUnknown: foreign,
  ManifestBlobUnknown: foreign,
  ManifestInvalid: foreign,
  ManifestUnknown: foreign,
  ManifestTooLarge: foreign,
  SizeInvalid: foreign,
  RangeInvalid: foreign,
  PaginationNumberInvalid: foreign,
  StorageLimitReached: foreign,
  InsufficientStorage: foreign,
  OperationDisallowed: foreign,
  Unsupported: foreign,
};

const errorDetail = z.object({
  code: z.string().meta({ description: 'A word a program can rely on.' }),
  message: z.string().meta({ description: 'What is wrong and, where known, what would be right.' }),
  target: z.string().optional().meta({ description: 'What the error is about.' }),
});

/** Body of every error (common-types ErrorResponse). */
export const errorResponse = z
  .object({
    error: errorDetail.extend({ details: z.array(errorDetail).optional() }),
    status: z.literal('Failed').optional().meta({ description: 'Where ACR itself refuses.' }),
  })
  .meta({ id: 'ErrorResponse', description: 'Every failure has this form.' });

export type ErrorResponse = z.infer<typeof errorResponse>;

/** Status of a fault on this wire. */
export const armStatusOf = (code: FaultCode): number => armFaults[code].status;

/** A fault as ARM answers it. What is 500 says nothing of its inside. */
export function armError(fault: Fault): { status: number; body: ErrorResponse } {
  const { status, code = fault.code, isAcrs } = armFaults[fault.code];
  if (status === 500) return { status, body: unnamedError() };
  return {
    status,
    body: {
      error: {
        code,
        message: fault.message,
        ...(fault.target !== undefined && !isAcrs && { target: fault.target }),
        ...(fault.details?.length && { details: fault.details.map((detail) => ({ ...detail })) }),
      },
      ...(isAcrs && { status: 'Failed' as const }),
    },
  };
}

/** `error` of a failed operation: the same words a failed request would get. */
export function operationErrorOf(fault: Fault): { code: string; message: string } {
  const { code, message } = armError(fault).body.error;
  return { code, message };
}

/** The body of a failure that has no name: logged whole, told without detail. */
export const unnamedError = (): ErrorResponse => ({
  error: {
    code: 'InternalServerError',
    message: 'The request could not be processed because of an internal error. Quote x-ms-request-id when reporting it.',
  },
});
