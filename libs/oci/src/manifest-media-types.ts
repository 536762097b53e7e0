/** What a media type of a manifest means for us: which shape its body has. */
export type ManifestKind = 'image' | 'index' | 'artifact';

/** Every media type a manifest may be pushed with. What is not here is refused. */
export const manifestMediaTypes = {
  'application/vnd.oci.image.manifest.v1+json': 'image',
  'application/vnd.docker.distribution.manifest.v2+json': 'image',
  'application/vnd.oci.image.index.v1+json': 'index',
  'application/vnd.docker.distribution.manifest.list.v2+json': 'index',
  'application/vnd.oci.artifact.manifest.v1+json': 'artifact',
  'application/vnd.cncf.oras.artifact.manifest.v1+json': 'artifact',
} as const satisfies Record<string, ManifestKind>;

export type ManifestMediaType = keyof typeof manifestMediaTypes;

export const ociImageManifest = 'application/vnd.oci.image.manifest.v1+json' satisfies ManifestMediaType;
export const ociImageIndex = 'application/vnd.oci.image.index.v1+json' satisfies ManifestMediaType;

/** Layers that may live elsewhere: they need not be pushed when the descriptor says where (`urls`). */
export const foreignLayerMediaTypes: ReadonlySet<string> = new Set([
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  'application/vnd.docker.image.rootfs.foreign.diff.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
]);

export function isManifestMediaType(text: string): text is ManifestMediaType {
  return Object.hasOwn(manifestMediaTypes, text);
}

/** `Content-Type` without its parameters, in lower case. */
export function bareMediaType(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}
