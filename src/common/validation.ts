import { applyDecorators } from '@nestjs/common';
import { Matches, ValidateBy, ValidateIf, type ValidationOptions } from 'class-validator';
import type { Language } from './problem-entry.js';
import { currentLanguage } from './request-context.js';

/** What is said of a field by the name of the rule it breaks; `{0}`, `{1}` are the rule's own arguments. */
const FIELD_TEXTS: Record<string, Record<Language, string>> = {
  isString: { en: 'must be text', zh: '必须是文本' },
  isNotBlank: { en: 'must not be blank', zh: '不能为空' },
  minLength: { en: 'must have at least {0} characters', zh: '至少需要 {0} 个字符' },
  maxLength: { en: 'must have at most {0} characters', zh: '最多 {0} 个字符' },
  isInt: { en: 'must be a whole number', zh: '必须是整数' },
  isNumber: { en: 'must be a number', zh: '必须是数字' },
  isBoolean: { en: 'must be true or false', zh: '必须是 true 或 false' },
  isArray: { en: 'must be a list', zh: '必须是列表' },
  arrayMinSize: { en: 'must have at least {0} items', zh: '至少需要 {0} 项' },
  arrayMaxSize: { en: 'must have at most {0} items', zh: '最多 {0} 项' },
  arrayUnique: { en: 'must not repeat an item', zh: '不能有重复项' },
  min: { en: 'must be at least {0}', zh: '不能小于 {0}' },
  max: { en: 'must be at most {0}', zh: '不能大于 {0}' },
  isIn: { en: 'must be one of: {0}', zh: '必须是以下之一：{0}' },
  isEmail: { en: 'must be an e-mail address', zh: '必须是邮箱地址' },
  isUsername: { en: 'may hold letters, digits and . _ + - only', zh: '只能包含文字、数字和 . _ + -' },
  isCommonPassword: { en: 'is one of the most common passwords', zh: '该密码过于常见' },
  isTooLongForModel: {
    en: 'is longer than the language model takes ({0} tokens)',
    zh: '超出语言模型的长度限制（{0} 个 token）',
  },
  isAnswer: {
    en: 'must be an answer, or a message of yours that has none',
    zh: '必须是回答，或您自己尚未得到回答的消息',
  },
  isPictureOrDocument: { en: 'must name pictures and documents', zh: '只能是图片或文档' },
  isRequiredHere: { en: 'is required', zh: '必填' },
  isId: {
    en: 'must be a whole number from 1 to 9007199254740991',
    zh: '必须是 1 到 9007199254740991 的整数',
  },
  isPlace: { en: 'must be a whole number from 0 on', zh: '必须是不小于 0 的整数' },
  isVoice: { en: 'is not one of the voices; see speech/voices', zh: '不是可用的声音，请查看 speech/voices' },
  isObject: { en: 'must be an object', zh: '必须是对象' },
  nestedValidation: { en: 'must be an object', zh: '必须是对象' },
  isTexts: {
    en: 'must be an object of texts of at most {0} characters',
    zh: '必须是对象，其值为不超过 {0} 个字符的文本',
  },
  isVariable: { en: 'is not a variable of this prompt', zh: '不是此提示词的变量' },
  isFreeOfNul: { en: 'must not hold the character U+0000', zh: '不能包含字符 U+0000' },
  isWellFormed: { en: 'must be well-formed Unicode', zh: '必须是有效的 Unicode 文本' },
  isShallow: { en: 'is nested too deep', zh: '嵌套过深' },
  isUnspaced: { en: 'must not begin or end with white space', zh: '首尾不能有空白字符' },
  isLanguageTag: {
    en: 'must be a language tag such as en or zh-Hans',
    zh: '必须是语言标签，例如 en 或 zh-Hans',
  },
  isExpiry: {
    en: 'must be a time in the next ten years, such as 2035-01-01T00:00:00Z',
    zh: '必须是未来十年内的时间，例如 2035-01-01T00:00:00Z',
  },
  isPast: {
    en: 'must be a time that has passed, such as 2026-11-21T08:30:00Z',
    zh: '必须是过去的时间，例如 2026-11-21T08:30:00Z',
  },
  isOfUser: { en: 'go with messages of the user alone', zh: '只能附在用户的消息上' },
  isFile: { en: 'must be a file', zh: '必须是文件' },
  isSupportedFile: { en: 'is of no type that is taken', zh: '不是支持的文件类型' },
  isOneFile: { en: 'must be one file', zh: '只能是一个文件' },
  isTooLong: { en: 'is too long', zh: '过长' },
  isEventId: { en: 'is not an id of an event here', zh: '不是此处的事件标识' },
  isCursor: { en: 'is not a cursor of this list', zh: '不是此列表的游标' },
  isIdempotencyKey: {
    en: 'must have 1 to 255 visible ASCII characters',
    zh: '必须是 1 到 255 个可见 ASCII 字符',
  },
  whitelistValidation: { en: 'is not a field of this request', zh: '不是此请求的字段' },
  invalid: { en: 'is not valid', zh: '无效' },
};

/** What is said of a field that breaks a rule, in the caller's language. */
export function fieldMessage(rule: string, args: unknown[] = []): string {
  const text = (FIELD_TEXTS[rule] ?? FIELD_TEXTS['invalid']!)[currentLanguage()];
  return text.replace(/\{(\d)\}/g, (_, index: string) => [args[Number(index)]].flat().map(String).join(', '));
}

/**
 * At most so many characters, counted as code points, as the database does: class-validator's own rule counts an
 * emoji with its variation selector as one.
 */
export const MaxLength = (max: number, options?: ValidationOptions) =>
  ValidateBy(
    {
      name: 'maxLength',
      constraints: [max],
      validator: {
        validate: (value) => typeof value === 'string' && (value.length <= max || [...value].length <= max),
      },
    },
    options,
  );

/** A field that may be absent, but not null. */
export const Optional = () => ValidateIf((_, value) => value !== undefined);

/** A field that may be absent or null. */
export const OptionalOrNull = () => ValidateIf((_, value) => value !== undefined && value !== null);

/** Text with something other than white space in it. */
export const NotBlank = () => applyDecorators(Matches(/\S/u, { context: { rule: 'isNotBlank' } }));

/** What `ValidateNested` leaves out: for a list in a list it looks at what is in it. */
export const HoldsNoLists = () =>
  ValidateBy({ name: 'isObject', validator: { validate: (value) => !Array.isArray(value) } }, { each: true });
