import type { Fault, FaultCode } from '#lib/domain';

/** How a fault looks on the data plane. */
export interface OciError {
  status: number;
  code: string;
}

const internal: OciError = { status: 500, code: 'UNKNOWN' };

/**
 * Every fault as the data plane says it (OCI distribution 1.1, "Error codes"; distribution's additions; ACR data plane,
 * sections 1.2, 2.4). Faults of the management API never reach a client here: they are our mistake and answer 500.
 */
export const ociErrors: Readonly<Record<FaultCode, OciError>> = {
  Internal: internal,
  ServiceUnavailable: { status: 503, code: 'UNAVAILABLE' },
  TooManyRequests: { status: 429, code: 'TOOMANYREQUESTS' },
  RequestTimeout: { status: 408, code: 'UNSUPPORTED' },
  ClientGone: { status: 499, code: 'UNSUPPORTED' },
  // Never 403 for what a better token would allow: clients ask for one only when told 401.
  InvalidToken: { status: 401, code: 'UNAUTHORIZED' },
  Unauthorized: { status: 401, code: 'UNAUTHORIZED' },
  AuthenticationFailed: { status: 401, code: 'UNAUTHORIZED' },
  AuthorizationFailed: { status: 401, code: 'UNAUTHORIZED' },
  // What no token would allow: firewall, storage limit.
  Forbidden: { status: 403, code: 'DENIED' },
  Denied: { status: 403, code: 'DENIED' },
  StorageLimitReached: { status: 403, code: 'DENIED' },
  // RFC 4918, 11.5: not to be sent again before there is room. Clients show the status of a 5xx and not its body; with UNAVAILABLE
  // or UNKNOWN some would try again at once.
  InsufficientStorage: { status: 507, code: 'DENIED' },
  SkuFeatureNotAvailable: { status: 403, code: 'DENIED' },
  SkuLimitReached: { status: 403, code: 'DENIED' },
  OperationDisallowed: { status: 405, code: 'REGISTRY_DISALLOWED_OPERATION' },
  Unsupported: { status: 405, code: 'UNSUPPORTED' },
  MethodNotAllowed: { status: 405, code: 'UNSUPPORTED' },
  NameInvalid: { status: 400, code: 'NAME_INVALID' },
  NameUnknown: { status: 404, code: 'NAME_UNKNOWN' },
  TagInvalid: { status: 400, code: 'TAG_INVALID' },
  DigestInvalid: { status: 400, code: 'DIGEST_INVALID' },
  BlobUnknown: { status: 404, code: 'BLOB_UNKNOWN' },
  BlobUploadInvalid: { status: 400, code: 'BLOB_UPLOAD_INVALID' },
  BlobUploadUnknown: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
  ManifestBlobUnknown: { status: 400, code: 'MANIFEST_BLOB_UNKNOWN' },
  ManifestInvalid: { status: 400, code: 'MANIFEST_INVALID' },
  ManifestUnknown: { status: 404, code: 'MANIFEST_UNKNOWN' },
  ManifestTooLarge: { status: 413, code: 'SIZE_INVALID' },
  RequestTooLarge: { status: 413, code: 'SIZE_INVALID' },
  SizeInvalid: { status: 400, code: 'SIZE_INVALID' },
  RangeInvalid: { status: 416, code: 'RANGE_INVALID' },
  PaginationNumberInvalid: { status: 400, code: 'PAGINATION_NUMBER_INVALID' },
  UnsupportedMediaType: { status: 415, code: 'UNSUPPORTED' },
  ResourceNotFound: { status: 404, code: 'NAME_UNKNOWN' },
  RouteNotFound: { status: 404, code: 'UNSUPPORTED' },
  InvalidParameter: { status: 400, code: 'UNSUPPORTED' },
  InvalidRequestContent: { status: 400, code: 'UNSUPPORTED' },
  PreconditionFailed: { status: 412, code: 'UNSUPPORTED' },
  Conflict: { status: 409, code: 'DENIED' },
  MissingApiVersionParameter: internal,
  NoRegisteredProviderFound: internal,
  InvalidApiVersionParameter: internal,
  InvalidResourceName: internal,
  InvalidResourceGroupName: internal,
  InvalidResourceType: internal,
  InvalidSubscriptionId: internal,
  InvalidFilter: internal,
  InvalidSkipToken: internal,
  InvalidTag: internal,
  SubscriptionNotFound: internal,
  ResourceGroupNotFound: internal,
  OperationNotFound: internal,
  ProviderNotFound: internal,
  LocationNotAvailable: internal,
  LocationImmutable: internal,
  PropertyImmutable: internal,
  RegistryNameAlreadyInUse: internal,
  RegistryBusy: internal,
  AdminUserDisabled: internal,
  SkuNotSupported: internal,
  SkuDowngradeBlocked: internal,
  LocationRequired: internal,
  ResourceGroupLocationNotAvailable: internal,
  ResourceGroupLocationImmutable: internal,
  ResourceGroupBeingDeleted: internal,
  PrincipalNotFound: internal,
  PrincipalDoesNotExist: internal,
  RoleAssignmentNotFound: internal,
  RoleAssignmentExists: internal,
  RoleAssignmentUpdateNotPermitted: internal,
  RoleDefinitionNotFound: internal,
};

/** `{"errors":[{"code","message","detail"}]}`. What is our mistake says nothing of its cause. */
export function ociErrorBody(fault: Fault): { errors: [{ code: string; message: string; detail?: unknown }] } {
  const { status, code } = ociErrors[fault.code];
  if (status === 500) return { errors: [{ code, message: 'unknown error' }] };
  return {
    errors: [fault.detail === undefined ? { code, message: fault.message } : { code, message: fault.message, detail: fault.detail }],
  };
}
