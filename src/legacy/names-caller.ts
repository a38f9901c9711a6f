import { SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Where a request says who it is from: the older services believed it. */
export interface NamedUser {
  /** Parameter of the path, of the query, or field of the body. */
  user: string;
  as: 'id' | 'username';
  /** Never believed, in a closed network either: what concerns the account itself. */
  needsLogin?: true;
  /** The field stands in a form that the route reads itself, and looks at itself (`FormCallers`). */
  inForm?: true;
}

/** What a request is about whose client names nobody. */
export interface NamedObject {
  owner: 'topic' | 'message' | 'conversation' | 'externalId' | 'title';
  /** Parameter of the path, of the query, or field of the body. */
  field: string;
}

export const NAMES_CALLER = 'parley:legacy:names-caller';
/**
 * Says where a route's requests name their user, who has to be the one that is logged in; or which object they are
 * about: in a closed network (`LEGACY_TRUST_CALLER`) its owner is taken for the caller.
 */
export const NamesCaller = (named: NamedUser | NamedObject) => SetMetadata(NAMES_CALLER, named);

export const NAMES_NOBODY = 'parley:legacy:names-nobody';
/**
 * Marks a route whose requests name neither a user nor an object of one: in a closed network it serves strangers, too,
 * and `@CurrentUser()` is undefined.
 */
export const NamesNobody = () => SetMetadata(NAMES_NOBODY, true);

export const CHANGES_BY_GET = 'parley:legacy:changes-by-get';
/** Marks a GET that changes something: a link of another site must not do it with the cookie. */
export const ChangesByGet = () => SetMetadata<string, GetGuard>(CHANGES_BY_GET, 'same-origin');
/** Marks a GET that asks a model for something: links of other sites are refused, but not clients that are no browser. */
export const SpendsByGet = () => SetMetadata<string, GetGuard>(CHANGES_BY_GET, 'no-links');

/** With the cookie: only from this very site, or from anywhere that does not say that it is another one. */
export type GetGuard = 'same-origin' | 'no-links';

/** All that a request says under this name, wherever: what contradicts itself must not pass for what it says first. */
export function valuesOf({ params, query, body }: FastifyRequest, name: string): unknown[] {
  return [params, query, body]
    .filter((part): part is Record<string, unknown> => typeof part === 'object' && part !== null)
    .filter((part) => Object.hasOwn(part, name))
    .flatMap((part) => part[name])
    .filter((value) => value !== undefined && value !== null && value !== '');
}
