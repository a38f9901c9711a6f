/** What is wrong. */
export class TutorErrorDto {
  /** @example 'Invalid topic' */
  error!: string;
}

/** What is wrong with a login. */
export class TutorLoginErrorDto {
  /** @example 'error' */
  status!: string;

  /** @example 'Incorrect password.' */
  message!: string;
}

/** What is wrong with the fields of an account, a list for each that is. */
export class TutorFieldErrorsDto {
  /** @example ['A user with that username already exists.'] */
  username?: string[];

  /** @example ['must have at least 6 characters'] */
  password?: string[];

  /** @example ['must be an e-mail address'] */
  email?: string[];
}

/** What is wrong with a turn that is said once more. */
export class TutorRerecordErrorDto {
  /** @example false */
  success!: boolean;

  /** @example 'Invalid conversation ID' */
  message!: string;
}
