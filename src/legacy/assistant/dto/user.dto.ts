import { LegacyInput, LegacyText } from '../../legacy-input.js';

export class AssistantLoginDto extends LegacyInput {
  /**
   * Up to 50 characters.
   * @example 'xiaoming'
   */
  @LegacyText(1_000)
  username?: string;

  /**
   * Of at least LEGACY_MIN_PASSWORD characters, 6 unless the server says otherwise, and at most 128.
   * @example 'secret-66'
   */
  @LegacyText(1_000)
  password?: string;
}

export class AssistantDoneDto {
  /** @example '登录成功' */
  message!: string;
}

export class AssistantUserDto {
  /** @example 'xiaoming' */
  username!: string;
}

export class AssistantUserInfoDto {
  /** @example 200 */
  code!: number;

  /** @example '获取用户信息成功' */
  message!: string;

  data!: AssistantUserDto;
}
