/**
 * Everything that can go wrong and has a name. `libs/arm` and `libs/oci` each hold one exhaustive table that turns a code
 * into a status and the code on the wire; a code that never reaches one of the two protocols maps to that protocol's 500.
 */
export const faultCodes = [
  // Both protocols
  'Internal',
  'ServiceUnavailable',
  'TooManyRequests',
  'RequestTimeout',
  // The client closed the connection before it had sent everything; it sees no answer.
  'ClientGone',
  'InvalidToken',
  'Forbidden',
  // Management API: the request itself (ACR control plane, section 3)
  'MissingApiVersionParameter',
  'NoRegisteredProviderFound',
  'InvalidApiVersionParameter',
  'InvalidRequestContent',
  'InvalidParameter',
  'InvalidResourceName',
  'InvalidResourceGroupName',
  'InvalidResourceType',
  'InvalidSubscriptionId',
  'InvalidFilter',
  'InvalidSkipToken',
  'InvalidTag',
  'UnsupportedMediaType',
  'RequestTooLarge',
  'MethodNotAllowed',
  'RouteNotFound',
  'AuthenticationFailed',
  'AuthorizationFailed',
  'PreconditionFailed',
  'Conflict',
  // Management API: what the request is about
  'SubscriptionNotFound',
  'ResourceGroupNotFound',
  'ResourceNotFound',
  'OperationNotFound',
  'ProviderNotFound',
  'LocationRequired',
  'LocationNotAvailable',
  'ResourceGroupLocationNotAvailable',
  'ResourceGroupLocationImmutable',
  'LocationImmutable',
  'PropertyImmutable',
  'RegistryNameAlreadyInUse',
  'RegistryBusy',
  'AdminUserDisabled',
  'SkuNotSupported',
  'SkuFeatureNotAvailable',
  'SkuLimitReached',
  'SkuDowngradeBlocked',
  'ResourceGroupBeingDeleted',
  'PrincipalNotFound',
  'PrincipalDoesNotExist',
  'RoleAssignmentNotFound',
  'RoleAssignmentExists',
  'RoleAssignmentUpdateNotPermitted',
  'RoleDefinitionNotFound',
  // Data plane (OCI distribution spec, error codes; ACR data plane, section 3.2)
  'Unauthorized',
  'Denied',
  'NameInvalid',
  'NameUnknown',
  'TagInvalid',
  'DigestInvalid',
  'BlobUnknown',
  'BlobUploadInvalid',
  'BlobUploadUnknown',
  'ManifestBlobUnknown',
  'ManifestInvalid',
  'ManifestUnknown',
  'ManifestTooLarge',
  'SizeInvalid',
  'RangeInvalid',
  'PaginationNumberInvalid',
  'StorageLimitReached',
  // The disk is full, whatever the registry may hold.
  'InsufficientStorage',
  'OperationDisallowed',
  'Unsupported',
] as const;

export type FaultCode = (typeof faultCodes)[number];

/** What a fault may carry besides its code and its sentence. */
export interface FaultOptions {
  /** The name of the property, parameter or resource that is at fault (ARM `error.target`). */
  target?: string;
  /** Machine-readable facts (OCI `errors[].detail`). */
  detail?: unknown;
  /** Several mistakes of one request, each with its own sentence (ARM `error.details`). */
  details?: FaultDetail[];
  cause?: unknown;
}

/** One of several mistakes in one request. */
export interface FaultDetail {
  code: string;
  message: string;
  target?: string;
}

/** Something that went wrong and has a name. The message says what is wrong and, where known, what would be right. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly target: string | undefined;
  readonly detail: unknown;
  readonly details: readonly FaultDetail[] | undefined;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.target = options.target;
    this.detail = options.detail;
    this.details = options.details;
  }
}

/** True when `error` is a fault (of that code, if one is given). */
export function isFault(error: unknown, code?: FaultCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code);
}
