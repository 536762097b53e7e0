import { z } from 'zod';

/** Registry names: 5 to 50 letters and digits (ACR 2025-11-01, `registryName`). Compared without case, kept as given. */
export const registryNamePattern = /^[a-zA-Z0-9]{5,50}$/;

/** Resource group names: 1 to 90 letters, digits, `-_().`, not ending in a dot (ARM common types v6). */
export const resourceGroupNamePattern = /^[-\p{L}\p{N}_().]{0,89}[-\p{L}\p{N}_()]$/u;

/** Repository names (OCI distribution 1.1, `<name>`), at most 255 characters. */
export const repositoryNamePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
export const repositoryNameMaxLength = 255;

/** Tags (OCI distribution 1.1, `<reference>` as a tag). */
export const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

export function isRepositoryName(name: string): boolean {
  return name.length <= repositoryNameMaxLength && repositoryNamePattern.test(name);
}

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** The form under which names that ignore case are compared and kept unique. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

export const registryName = z
  .string()
  .regex(registryNamePattern, 'A registry name has 5 to 50 letters and digits and nothing else.')
  .meta({ description: 'The name of the container registry.' });
