import { z } from 'zod';
import { isDigest, type Digest } from './digests.js';

/** A type, of which no header, log or index should get more lines than one (RFC 6838: no control characters). */
const type = z
  .string()
  .max(255)
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'holds a control character');

/** A descriptor (OCI image spec 1.1). Fields we do not use pass unchecked: the bytes are kept as they came. */
const descriptor = z.object({
  mediaType: type.min(1),
  digest: z.string().refine(isDigest, 'is no sha256 or sha512 digest'),
  size: z.int().min(0),
  urls: z.array(z.string()).nullish(),
  artifactType: type.nullish(),
  platform: z.object({ architecture: z.string().nullish(), os: z.string().nullish(), variant: z.string().nullish() }).nullish(),
});
export type RawDescriptor = z.infer<typeof descriptor> & { digest: Digest };

const annotations = z.record(z.string(), z.string()).nullish();
const common = { mediaType: z.string().nullish(), artifactType: type.nullish(), subject: descriptor.nullish(), annotations };
const absent = z.undefined({ error: 'must not be there in a manifest of this media type' });

/** The three shapes a manifest can have. What belongs to another shape must not be there (CVE-2021-41190). */
export const manifestShapes = {
  image: z.object({
    ...common,
    schemaVersion: z.literal(2),
    config: descriptor,
    layers: z.array(descriptor).nullish(),
    manifests: absent.optional(),
    blobs: absent.optional(),
  }),
  index: z.object({
    ...common,
    schemaVersion: z.literal(2),
    manifests: z.array(descriptor).nullable(),
    config: absent.optional(),
    layers: absent.optional(),
    blobs: absent.optional(),
  }),
  artifact: z.object({
    ...common,
    artifactType: type.min(1),
    blobs: z.array(descriptor).nullish(),
    config: absent.optional(),
    layers: absent.optional(),
    manifests: absent.optional(),
  }),
} as const;

const fields = ['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'manifests', 'blobs', 'subject', 'annotations'];
const fieldOfLowerCase = new Map(fields.map((field) => [field.toLowerCase(), field]));

/** A top-level key that some parsers (Go's ignores case) read as a field we check and others do not. */
export function ambiguousKey(body: object): string | null {
  return Object.keys(body).find((key) => (fieldOfLowerCase.get(key.toLowerCase()) ?? key) !== key) ?? null;
}
