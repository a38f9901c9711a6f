import type { OpenAPIObject } from '@nestjs/swagger';
import { SURFACE_EXTENSION } from './legacy-controller.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** What every surface's tag says. */
export const SURFACE_NOTE =
  'Compatibility surface: the routes of an older backend, for frontends that were written for it. New clients use the ' +
  'routes under /api/v1, which see the same data. Errors have this surface’s own shape.';

const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/** Whether it belongs to a surface: its errors are no problem details, and keys have no access to it. */
export function isOfSurface(operation: Operation): boolean {
  return SURFACE_EXTENSION in operation;
}

/** What a surface takes as JSON it takes as a form, too. */
export function describeForms(operation: Operation): void {
  const body = operation.requestBody;
  if (!isOfSurface(operation) || !body || !('content' in body)) return;
  const json = body.content['application/json'];
  if (json) for (const form of FORMS) body.content[form] ??= json;
}
