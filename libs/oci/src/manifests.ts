import { Fault } from '#lib/domain';
import type { Digest } from './digests.js';
import { ambiguousKey, manifestShapes, type RawDescriptor } from './manifest-shape.js';
import { bareMediaType, foreignLayerMediaTypes, isManifestMediaType, manifestMediaTypes } from './manifest-media-types.js';
import type { ManifestKind, ManifestMediaType } from './manifest-media-types.js';
import { parseStrictJson } from './strict-json.js';

/** The largest manifest taken (OCI distribution 1.1 asks for at least 4 MiB). */
export const manifestMaxBytes = 4 * 1024 * 1024;

/** A manifest's word about other content. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  urls: readonly string[];
  artifactType: string | null;
  platform: { architecture?: string | null | undefined; os?: string | null | undefined; variant?: string | null | undefined } | null;
}

/** A manifest that passed every check; the bytes stay what they were. */
export interface Manifest {
  kind: ManifestKind;
  mediaType: ManifestMediaType;
  artifactType: string | null;
  configMediaType: string | null;
  /** Content that must be linked in the repository: config and layers, foreign ones with `urls` left out. */
  blobs: readonly Descriptor[];
  /** Blobs the manifest names but that need not be here (foreign layers with `urls`). */
  foreign: readonly Descriptor[];
  /** Manifests that must be in the repository: the entries of an index. */
  manifests: readonly Descriptor[];
  /** The manifest this one is about; it may be absent (OCI distribution 1.1, "Pushing manifests with subject"). */
  subject: Descriptor | null;
  annotations: Readonly<Record<string, string>>;
}

/**
 * Reads and checks a manifest. Its media type must follow from its bytes, so that one digest never means two things: a
 * `mediaType` inside must equal `contentType`, and may be missing only where the OCI shapes decide it alone.
 * Faults: ManifestTooLarge, ManifestInvalid (with a sentence that names the field).
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  if (bytes.byteLength > manifestMaxBytes) {
    throw new Fault('ManifestTooLarge', `A manifest has at most ${manifestMaxBytes} bytes.`, { detail: { size: bytes.byteLength } });
  }
  const body = parseBody(bytes);
  const mediaType = decideMediaType(body, contentType);
  const shape = manifestShapes[manifestMediaTypes[mediaType]].safeParse(body);
  if (!shape.success) {
    const [issue] = shape.error.issues;
    throw invalid(`${issue?.path.join('.') || 'manifest'}: ${issue?.message ?? 'not valid'}`);
  }
  return render(mediaType, shape.data);
}

function parseBody(bytes: Uint8Array): Record<string, unknown> {
  let body: unknown;
  try {
    body = parseStrictJson(bytes);
  } catch (cause) {
    throw invalid(cause instanceof SyntaxError ? cause.message : 'The manifest is not valid UTF-8.', cause);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('A manifest is a JSON object.');
  const ambiguous = ambiguousKey(body);
  if (ambiguous !== null) throw invalid(`The key ${JSON.stringify(ambiguous)} differs from a field of manifests only in case.`);
  return body as Record<string, unknown>;
}

function decideMediaType(body: Record<string, unknown>, contentType: string | undefined): ManifestMediaType {
  const inside = body['mediaType'];
  const outside = contentType === undefined ? undefined : bareMediaType(contentType);
  const mediaType = outside ?? inside;
  if (typeof mediaType !== 'string' || !isManifestMediaType(mediaType)) {
    throw invalid(`${JSON.stringify(mediaType ?? '')} is no media type of a manifest.`);
  }
  if (inside !== undefined && inside !== null && inside !== mediaType) {
    throw invalid(`The mediaType of the manifest is ${JSON.stringify(inside)} but Content-Type is ${JSON.stringify(mediaType)}.`);
  }
  if ((inside === undefined || inside === null) && !mediaType.startsWith('application/vnd.oci.image.')) {
    throw invalid(`A manifest of type ${mediaType} says so in its field mediaType.`);
  }
  return mediaType;
}

type Shape = ReturnType<(typeof manifestShapes)[ManifestKind]['parse']>;

function render(mediaType: ManifestMediaType, body: Shape): Manifest {
  const config = 'config' in body && body.config ? [descriptor(body.config)] : [];
  const layers = [...(('layers' in body && body.layers) || []), ...(('blobs' in body && body.blobs) || [])].map(descriptor);
  const entries = (('manifests' in body && body.manifests) || []).map(descriptor);
  const isForeign = (blob: Descriptor) => foreignLayerMediaTypes.has(blob.mediaType) && blob.urls.length > 0;
  return {
    kind: manifestMediaTypes[mediaType],
    mediaType,
    artifactType: body.artifactType || null,
    configMediaType: config[0]?.mediaType ?? null,
    // An index may also list what is no manifest (build caches do): that must be there as a blob.
    blobs: [...config, ...layers.filter((layer) => !isForeign(layer)), ...entries.filter((entry) => !isManifestMediaType(entry.mediaType))],
    foreign: layers.filter(isForeign),
    manifests: entries.filter((entry) => isManifestMediaType(entry.mediaType)),
    subject: body.subject ? descriptor(body.subject) : null,
    annotations: body.annotations ?? {},
  };
}

function descriptor(raw: RawDescriptor | { digest: string; [field: string]: unknown }): Descriptor {
  const { mediaType, digest, size, urls, artifactType, platform } = raw as RawDescriptor;
  for (const url of urls ?? []) requireHttpUrl(url);
  return { mediaType, digest, size, urls: urls ?? [], artifactType: artifactType ?? null, platform: platform ?? null };
}

/** Where a foreign layer lies: http or https, no fragment (distribution asks the same of schema 2). */
function requireHttpUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.hash !== '')
    throw invalid(`${JSON.stringify(text.slice(0, 200))} is no http or https URL.`);
}

function invalid(message: string, cause?: unknown): Fault {
  return new Fault('ManifestInvalid', message, { cause });
}
