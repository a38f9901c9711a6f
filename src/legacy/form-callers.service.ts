import { Injectable } from '@nestjs/common';
import type { AuthUser } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import { assertNamed } from './caller.guard.js';
import type { NamedUser } from './names-caller.js';
import { TrustedCallers } from './trusted-callers.service.js';

/** Who sends a form that its route reads itself: the guard cannot look into it. */
@Injectable()
export class FormCallers {
  constructor(private readonly callers: TrustedCallers) {}

  /**
   * @param login who has logged in; undefined only in a closed network, where the form is believed
   * @param given what the form says under the name; undefined where it says nothing
   * @throws AppError caller_mismatch, caller_unknown
   */
  async find(login: AuthUser | undefined, named: NamedUser, given: unknown): Promise<AuthUser> {
    const values = given === undefined ? [] : [given].flat();
    const user = login ?? (values.length > 0 ? await this.callers.find(named, values[0]) : undefined);
    if (!user) throw new AppError('caller_unknown');
    assertNamed(user, named, values);
    return user;
  }
}
