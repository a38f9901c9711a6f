/** An error of this surface. */
export class AssistantErrorDto {
  /**
   * For people, in the caller's language where the older backend did not have a text of its own.
   * @example '对话不存在'
   */
  error!: string;
}

/** An error of accounts: the same text twice, since older pages read the one or the other. */
export class AssistantUserErrorDto {
  /** @example '密码错误' */
  detail!: string;

  /** @example '密码错误' */
  message!: string;
}
