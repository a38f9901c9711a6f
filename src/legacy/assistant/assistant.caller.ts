import type { NamedUser } from '../names-caller.js';

/** Where the requests of this surface name their user. */
export const CALLER = { user: 'username', as: 'username' } as const satisfies NamedUser;

/** The same in a form with files, which its route reads itself. */
export const CALLER_IN_FORM = { ...CALLER, inForm: true } as const satisfies NamedUser;
