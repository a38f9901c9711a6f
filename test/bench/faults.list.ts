export type FaultProtocol = 'openai' | 'compatible' | 'app';

const STATUSES = [400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 502, 503, 504];

const OPENAI_CODES = [
  'status=401,code=invalid_api_key',
  'status=429,code=rate_limit_exceeded,retry-after-ms=20',
  'status=429,code=insufficient_quota',
  'status=400,code=context_length_exceeded',
  'status=400,code=data_inspection_failed',
  'status=404,code=model_not_found',
];

const APP_CODES = [
  'status=400,code=InvalidParameter',
  'status=400,code=DataInspectionFailed',
  'status=400,code=Arrearage',
  'status=400,code=FlowNotPublished',
  'status=401,code=InvalidApiKey',
  'status=403,code=AccessDenied.Unpurchased',
  'status=404,code=ModelNotFound',
  'status=408,code=RequestTimeOut',
  'status=413,code=BadRequest.TooLarge',
  'status=429,code=Throttling.RateQuota,retry-after-ms=20',
  'status=429,code=PrepaidBillOverdue',
  'status=429,code=CommodityNotPurchased',
  'status=500,code=InternalError.Algo',
];

/** Of the head: nothing was said yet, so there may be another attempt. */
const HEAD = [
  'status=429,retry-after-ms=20,fail-times=1',
  'status=429,retry-after=60',
  'status=500,fail-times=1',
  'reset=0,fail-times=1',
  'hang-head,fail-times=1',
  'error=0,fail-times=1',
  'reset=0',
  'end=0',
  'hang=0',
  'hang-head',
  'error=0',
  'count=0',
];

/** After the first piece: what came is kept. */
const MIDDLE = [
  'reset=5',
  'reset=5,reset-how=fin',
  'end=5',
  'hang=5',
  'error=5',
  // From inside the head, through a character of three bytes, to the last event.
  ...[1, 50, 200, 777, 1500, 3001].map((bytes) => `drop=${bytes},reset-how=fin`),
  'garbage=json',
  'garbage=line',
  'huge-line=4',
  'never-ending,end=2000',
];

/** Odd, slow or cut, and yet answers. */
const WHOLE = [
  '',
  'hang-tail',
  'hang-tail,no-usage',
  'finish=length',
  'finish=content_filter',
  'finish=content_filter,count=0',
  'delay=500',
  'first=500',
  'gap=50',
  'bytes=1',
  'split=333',
  'crlf',
  'bom',
  'thinking=4',
  'no-usage',
  'usage-twice',
];

const CHAT_ONLY = ['hang-tail,no-done', 'no-done', 'obfuscation', 'error=5,code=data_inspection_failed'];

const APP_ONLY = [
  'cumulative',
  'ignore-incremental',
  'empty-final',
  'workflow',
  'reject',
  'cumulative,rewrite=6',
  'cumulative,huge-line=4',
  ...['event', 'status-line', 'bare'].map(
    (style) => `error=5,code=DataInspectionFailed,error-status=400,error-style=${style}`,
  ),
  'error=0,code=Throttling,error-status=429',
];

/** Switches of the test upstream for everything that can go wrong in the protocol. */
export function faultsOf(protocol: FaultProtocol): string[] {
  const own = protocol === 'app' ? [...APP_CODES, ...APP_ONLY] : [...OPENAI_CODES, ...CHAT_ONLY];
  return [...STATUSES.map((status) => `status=${status}`), ...HEAD, ...MIDDLE, ...WHOLE, ...own];
}
