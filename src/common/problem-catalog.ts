import { COMPLETION_PROBLEMS } from './completion-problems.js';
import { FILE_PROBLEMS } from './file-problems.js';
import { entry, type ProblemEntry } from './problem-entry.js';
import { PRIVACY_PROBLEMS } from './privacy-problems.js';
import { SPEECH_PROBLEMS } from './speech-problems.js';

/** Every error that the API answers with: the one table from stable code to HTTP status and texts. */
export const PROBLEMS = {
  ...COMPLETION_PROBLEMS,
  ...FILE_PROBLEMS,
  ...SPEECH_PROBLEMS,
  ...PRIVACY_PROBLEMS,
  invalid_input: entry(
    400,
    ['Invalid input', 'Some fields are not valid; see errors.'],
    ['输入无效', '部分字段无效，详见 errors。'],
  ),
  malformed_request: entry(
    400,
    ['Malformed request', 'The request could not be read.'],
    ['请求格式错误', '无法读取该请求。'],
  ),
  malformed_json: entry(
    400,
    ['Malformed JSON', 'The body is not valid JSON.'],
    ['JSON 格式错误', '请求体不是有效的 JSON。'],
  ),
  provider_not_configured: entry(
    400,
    ['Provider not configured', 'The language model provider {provider} is not set up on this server.'],
    ['模型服务未配置', '此服务器未配置语言模型服务 {provider}。'],
  ),
  wrong_password: entry(
    400,
    ['Wrong password', 'The current password is not correct.'],
    ['密码错误', '当前密码不正确。'],
  ),
  unauthenticated: entry(
    401,
    ['Not logged in', 'This needs a valid access token, session cookie or API key.'],
    ['未登录', '需要有效的访问令牌、会话 Cookie 或 API 密钥。'],
  ),
  invalid_credentials: entry(
    401,
    ['Login failed', 'Name or password is not correct.'],
    ['登录失败', '用户名或密码不正确。'],
  ),
  invalid_refresh_token: entry(
    401,
    ['Refresh token refused', 'The refresh token is unknown, expired or was used before. Log in again.'],
    ['刷新令牌无效', '刷新令牌未知、已过期或已被使用，请重新登录。'],
  ),
  cross_site_request: entry(
    403,
    [
      'Cross-site request refused',
      'A request with the session cookie must come from this site or a listed origin.',
    ],
    ['跨站请求被拒绝', '携带会话 Cookie 的请求必须来自本站或已允许的来源。'],
  ),
  caller_unknown: entry(401, ['Unknown user', 'There is no such user.'], ['用户不存在', '没有这个用户。']),
  caller_mismatch: entry(
    403,
    ['Not this user', 'The request names another user than the one who is logged in.'],
    ['用户不符', '请求中的用户与已登录的用户不一致。'],
  ),
  session_required: entry(
    403,
    ['Login needed', 'An API key cannot do this; log in.'],
    ['需要登录', 'API 密钥无权执行此操作，请登录。'],
  ),
  insufficient_scope: entry(
    403,
    ['Scope missing', 'The API key lacks the scope {scope}.'],
    ['权限不足', '该 API 密钥缺少权限范围 {scope}。'],
  ),
  not_found: entry(404, ['Not found', 'There is no such object.'], ['未找到', '该对象不存在。']),
  route_not_found: entry(
    404,
    ['No such route', 'Nothing answers at this method and path.'],
    ['路由不存在', '该方法和路径没有对应的接口。'],
  ),
  username_taken: entry(
    409,
    ['Username taken', 'Another account has this username.'],
    ['用户名已被占用', '该用户名已被其他账号使用。'],
  ),
  email_taken: entry(
    409,
    ['E-mail taken', 'Another account has this e-mail address.'],
    ['邮箱已被占用', '该邮箱已被其他账号使用。'],
  ),
  too_many_api_keys: entry(
    409,
    [
      'Too many API keys',
      'You have {limit} API keys; revoke some that are not needed, expired ones as well.',
    ],
    ['API 密钥过多', '您已有 {limit} 个 API 密钥，请先撤销不再需要的（包括已过期的）。'],
  ),
  turn_running: entry(
    409,
    [
      'A turn is running',
      'This conversation is still answering; stop it or wait for its end (runningMessageId, runningVoiceTurnId).',
    ],
    ['对话正在回答', '该对话仍在生成回答，请停止它或等待其结束（runningMessageId、runningVoiceTurnId）。'],
  ),
  message_answered: entry(
    409,
    ['Message answered', 'This message has an answer; say it otherwise with a new message (replyTo).'],
    ['消息已有回答', '该消息已有回答，请用新消息（replyTo）改说。'],
  ),
  chatbot_deleted: entry(
    409,
    ['Chatbot deleted', 'The chatbot of this conversation was deleted; it can be read, but not go on.'],
    ['机器人已删除', '该对话的机器人已被删除，只能查看，无法继续。'],
  ),
  file_not_ready: entry(
    409,
    ['File not read yet', 'The file is still being read; try again shortly (Retry-After).'],
    ['文件尚未读取完成', '文件仍在读取中，请稍后重试（Retry-After）。'],
  ),
  not_reviewable: entry(
    409,
    [
      'Nothing to review',
      'Expression and pronunciation are reviewed of what you said yourself, a gloss is made of an answer that has ended with a text.',
    ],
    ['无法点评', '表达和发音点评只针对您自己说的话；释义只针对已结束且有内容的回答。'],
  ),
  external_id_taken: entry(
    409,
    ['External id taken', 'Another of your conversations has this externalId.'],
    ['外部编号已被占用', '您的另一个对话已使用该 externalId。'],
  ),
  too_many_pinned: entry(
    409,
    ['Too many pinned', 'At most {max} conversations can be pinned; take one of them down first.'],
    ['置顶对话过多', '最多可以置顶 {max} 个对话，请先取消其中一个。'],
  ),
  prompt_title_taken: entry(
    409,
    ['Title taken', 'One of your prompts, or of the shared ones, has this title.'],
    ['标题已存在', '您的或共享的提示词中已有此标题。'],
  ),
  too_many_prompts: entry(
    409,
    ['Too many prompts', 'You can have {limit} prompts of your own; delete some first.'],
    ['提示词过多', '您最多可保存 {limit} 条提示词，请先删除一些。'],
  ),
  payload_too_large: entry(
    413,
    ['Body too large', 'The body is larger than this route takes.'],
    ['请求体过大', '请求体超过此接口允许的大小。'],
  ),
  file_too_large: entry(
    413,
    ['File too large', 'The file is larger than {maxBytes} bytes.'],
    ['文件过大', '文件超过 {maxBytes} 字节。'],
  ),
  unsupported_media_type: entry(
    415,
    ['Unsupported media type', 'This route does not take a body of this media type.'],
    ['不支持的媒体类型', '此接口不接受该媒体类型的请求体。'],
  ),
  range_not_satisfiable: entry(
    416,
    ['Range not satisfiable', 'The file has no bytes in this range; see Content-Range.'],
    ['请求范围无效', '文件中没有该范围的内容，详见 Content-Range。'],
  ),
  file_empty: entry(422, ['Empty file', 'The file has no content.'], ['文件为空', '文件没有内容。']),
  file_not_usable: entry(
    422,
    ['File not usable', 'The file could not be read, and cannot go with a message; its extraction says why.'],
    ['文件无法使用', '文件无法读取，不能随消息发送；原因见其 extraction。'],
  ),
  model_cannot_see: entry(
    422,
    ['The model cannot see', 'The language model of this conversation takes no pictures.'],
    ['模型不支持图片', '该对话的语言模型不支持图片。'],
  ),
  variable_missing: entry(
    422,
    ['Variable missing', 'Some variables of the prompt have neither a value nor a default; see errors.'],
    ['缺少变量', '提示词的部分变量既没有值也没有默认值，详见 errors。'],
  ),
  idempotency_key_reused: entry(
    422,
    ['Idempotency key reused', 'This Idempotency-Key was used before with another request.'],
    ['幂等键重复使用', '该 Idempotency-Key 已用于另一个不同的请求。'],
  ),
  too_many_attempts: entry(
    429,
    ['Too many attempts', 'Too many attempts; try again later (Retry-After).'],
    ['尝试次数过多', '尝试次数过多，请稍后再试（Retry-After）。'],
  ),
  rate_limited: entry(
    429,
    ['Too many requests', 'Too many requests in a minute; try again later (Retry-After).'],
    ['请求过于频繁', '一分钟内请求过多，请稍后再试（Retry-After）。'],
  ),
  too_many_turns: entry(
    429,
    ['Too many turns', 'Too many of your conversations are answering at once; wait for one of them.'],
    ['同时进行的回答过多', '您同时生成回答的对话过多，请等待其中一个结束。'],
  ),
  quota_exceeded: entry(
    429,
    ['Quota used up', 'The quota of {quota} for today is used up; it is new at {resetsAt}.'],
    ['今日额度已用完', '今日额度（{quota}）已用完，将于 {resetsAt} 重置。'],
  ),
  internal_error: entry(
    500,
    ['Internal error', 'Something went wrong here; the request id finds it in the logs.'],
    ['内部错误', '服务器出错，可凭请求编号在日志中查找。'],
  ),
  database_unavailable: entry(
    503,
    ['Database unavailable', 'The database cannot be reached; try again shortly.'],
    ['数据库不可用', '暂时无法连接数据库，请稍后重试。'],
  ),
  no_language_model: entry(
    503,
    ['No language model', 'No language model is set up on this server: it can only repeat what is said.'],
    ['未配置语言模型', '此服务器未配置语言模型，只能重复所说的话。'],
  ),
  events_unavailable: entry(
    503,
    [
      'Events unavailable',
      'The events of a turn could not be followed everywhere just now; try again shortly.',
    ],
    ['事件服务不可用', '暂时无法传递对话事件，请稍后重试。'],
  ),
  storage_unavailable: entry(
    503,
    ['File storage unavailable', 'Files cannot be stored or read just now; try again shortly.'],
    ['文件存储不可用', '暂时无法存取文件，请稍后重试。'],
  ),
  shutting_down: entry(
    503,
    ['Shutting down', 'This process is shutting down; try again.'],
    ['服务正在关闭', '该进程正在关闭，请重试。'],
  ),
} satisfies Record<string, ProblemEntry>;

export type ProblemCode = keyof typeof PROBLEMS;
